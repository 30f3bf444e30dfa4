#include "cli/service.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>

#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/applied_manifest.h"
#include "cli/engine_finder.h"
#include "cli/machine.h"
#include "cli/preflight.h"
#include "cli/record_change.h"
#include "model/conclusions.h"
#include "plan/pilot.h"
#include "plan/plan_values.h"
#include "store/run_manifest.h"
#include "store/summary.h"

namespace studyctl {
namespace {

constexpr size_t kWorkers = 2;
constexpr Duration kFollowersMayTake{3000};  // to be told that the run has ended

// Blocked before the first thread is made, so that every thread blocks them and they arrive here alone.
Fd signal_descriptor() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return Fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

const char* word_for(EngineKind kind) {
  switch (kind) {
    case EngineKind::Docker: return "docker";
    case EngineKind::Podman: return "podman";
    case EngineKind::Auto: break;
  }
  return "auto";
}

}  // namespace

Service::Service(Assignment assignment, ServeOptions options)
    : study_(std::move(assignment.study)),
      volume_(std::move(assignment.volume)),
      again_(std::move(assignment.again)),
      lock_(std::move(assignment.lock)),
      is_relay_(lock_.has_value()),
      options_(std::move(options)),
      signals_(signal_descriptor()),
      loop_(clock_),
      posted_([this] { loop_.wake(); }),
      gateway_([this] { loop_.wake(); }),
      staged_([this] { loop_.wake(); }),
      secrets_(study_->manifest, options_.secret_directories),
      experiments_(std::make_unique<Experiments>(study_->design())),
      workers_(std::make_unique<Workers>(kWorkers)) {}

Service::~Service() {
  monitor_.reset();
  server_.reset();
  workers_.reset();
  engine_.reset();
  if (signals_) loop_.unwatch(signals_.get());
}

Result<void> Service::open() {
  watch_signals();
  LockHolder holder{getpid(), this_process().host, study_->study().name, again_ ? again_->record.id : "",
                    clock_.now()};
  if (!lock_) {
    auto lock = volume_.lock(holder);
    if (!lock) return std::move(lock).error();
    lock_ = *std::move(lock);
    clear_staged(volume_);
  }
  if (auto listening = listen(); !listening) return listening;
  if (again_)
    if (auto kept = secrets_.keep(volume_, again_->record.id); !kept) return kept;
  if (auto found = find_engine(); !found) return found;
  if (auto ready = check_before_start(); !ready) return ready;
  if (auto opened = open_run(); !opened) return opened;
  holder.run = journal_->run().id;
  if (auto renamed = lock_->rename(holder); !renamed) return renamed;
  if (auto made = make_controller(); !made) return made;
  if (auto listening = open_control_channel(); !listening) return listening;
  return controller_->recover();
}

Result<void> Service::find_engine() {
  EngineRequest request;
  request.wanted = options_.engine.empty() ? word_for(study_->study().execution.engine) : options_.engine;
  if (request.wanted.find("://") != std::string::npos) request.fixed_endpoint = request.wanted;
  if (again_) request.fixed_endpoint = again_->record.endpoint;
  request.volume = volume_.id();
  request.lease_directory = options_.lease_directory;
  request.gpus = options_.gpus;
  auto found = studyctl::find_engine(loop_, request, [this](Observation seen) {
    if (controller_) controller_->see(std::move(seen));
  });
  if (!found) return std::move(found).error();
  engine_ = std::move(found->engine);
  inventory_ = std::move(found->inventory);
  return {};
}

Result<void> Service::check_before_start() {
  const PreflightParts parts{*study_, inventory_, volume_, *engine_, loop_, again_ ? nullptr : &secrets_};
  if (is_relay_) {  // whoever asked for it has looked
    images_ = image_digests(parts);
    return {};
  }
  auto images = preflight(parts);
  if (!images) return std::move(images).error();
  images_ = *std::move(images);
  if (!again_ || options_.accept_image_change) return {};
  const auto catalog = Catalog::of(volume_);
  if (!catalog) return catalog.error();
  const auto recorded = recorded_manifest(*catalog, again_->record.id);
  return recorded ? expect_same_images(*again_, *recorded, images_) : recorded.error();
}

Result<RunRecord> Service::begin_run() {
  auto directory = RunDirectory::create(volume_.root(), study_->study().name, clock_.now());
  if (!directory) return std::move(directory).error();
  directory_ = *std::move(directory);
  if (auto kept = keep_inputs(*study_, *directory_); !kept) return std::move(kept).error();

  RunManifest manifest = manifest_as_applied(*study_, options_.flags);
  manifest.run_id = random_uuid();
  manifest.created_at = clock_.now();
  manifest.environment = environment();
  manifest.note_images(images_, manifest.created_at);
  if (auto written = write_run_manifest(directory_->path(), manifest); !written)
    return std::move(written).error();

  RunRecord record;
  record.id = manifest.run_id;
  record.study = manifest.study;
  record.directory = directory_->name_in_volume();
  record.design_hash = manifest.design_hash;
  record.manifest = to_json(manifest);
  record.created_at = manifest.created_at;
  record.engine = inventory_.kind;
  record.endpoint = inventory_.endpoint;
  return record;
}

std::map<std::string, std::string> Service::environment() const {
  auto facts = machine_facts();
  facts["engine"] = inventory_.engine;
  return facts;
}

Result<void> Service::note_environment() {
  auto manifest = run_manifest_from_json(journal_->run().manifest);
  if (!manifest) return std::move(manifest).error();
  const size_t known = manifest->changes.size();
  const bool other_machine = manifest->note_environment(environment(), clock_.now());
  if (!manifest->note_images(images_, clock_.now()) && !other_machine) return {};
  const std::vector<EnvironmentChange> fresh(manifest->changes.begin() + static_cast<std::ptrdiff_t>(known),
                                             manifest->changes.end());
  for (const std::string& text : texts_of(fresh)) log::warning(text);
  if (auto replaced = journal_->replace_manifest(to_json(*manifest), manifest->design_hash); !replaced)
    return replaced;
  return write_run_manifest(directory_->path(), *manifest);
}

Result<void> Service::open_run() {
  const DescribeExperiment describe = [this](const RepetitionKey& key) { return experiments_->facts(key); };
  Result<SqliteJournal> journal = Error{ErrorCode::Internal, "no journal"};
  if (again_) {
    auto directory = RunDirectory::find(volume_.root(), again_->record.directory, again_->record.id);
    if (!directory) return std::move(directory).error();
    directory_ = *std::move(directory);
    journal = SqliteJournal::open(volume_.database(), again_->record.id, describe);
    if (journal)
      if (auto fixed = journal->fix_engine(inventory_.kind, inventory_.endpoint); !fixed) return fixed;
  } else {
    auto record = begin_run();
    if (!record) return std::move(record).error();
    journal = SqliteJournal::create(volume_.database(), *record, describe);
  }
  if (!journal) return std::move(journal).error();
  journal_ = *std::move(journal);
  know_earlier_designs();
  if (again_) {
    if (auto noted = note_environment(); !noted) return noted;
    if (auto changed = go_on_by_this_study(); !changed) return changed;
  }
  if (auto reused = reuse_what_is_done(); !reused) return reused;
  if (auto kept = secrets_.keep(volume_, journal_->run().id); !kept) return kept;
  if (auto cleared = directory_->clear_stop(); !cleared) return cleared;
  if (auto filled = volume_.reserve().fill(); !filled) log::warning(filled.error().message);
  return log::to_file(directory_->path() / "controller.log", log::Level::Info);
}

RunPlan Service::run_plan() const {
  RunPlan plan;
  plan.study = &study_->study();
  plan.experiments = study_->plan->size();
  plan.room = {inventory_.millicpu, inventory_.memory_bytes, inventory_.devices};
  plan.at_most = options_.at_most;
  plan.is_relay = is_relay_;
  plan.note = note_;
  const Execution& execution = study_->study().execution;
  if (execution.pilot)
    plan.pilot = pilot_of(*execution.pilot, *study_->plan,
                          RunOrder(execution.order, study_->plan->size(), execution.cycles, execution.seed));
  plan.pauses_after_pilot = !options_.no_pilot_pause;
  if (execution.budget)
    if (const auto catalog = Catalog::open(volume_.database()))
      if (const auto usage = catalog->usage(journal_->run().id))
        plan.gpu_time = Duration(std::llround(usage->device_seconds * 1000));
  if (const auto& repeat = study_->study().execution.repeat_until)
    plan.measured = [this, metric = repeat->metric](const auto& visit) {
      const auto catalog = Catalog::open(volume_.database());
      const auto read = catalog ? catalog->values_of(journal_->run().id, metric, visit) : catalog.error();
      if (!read) log::warning(read.error().message);
    };
  if (!study_->study().overrides.empty())
    plan.variant_of = [this](const RepetitionKey& key) { return experiments_->variant(key); };
  const auto& threshold = study_->study().execution.threshold;
  if (!threshold || threshold->group_by.empty()) return plan;
  plan.group_of = [plan = study_->plan.get(), names = threshold->group_by](uint64_t index) {
    return group_text(*plan, index, names);
  };
  plan.groups = count_groups(*study_->plan, threshold->group_by);
  return plan;
}

std::function<void(std::function<void()>)> Service::poster() {
  return [this](std::function<void()> job) { posted_.post(std::move(job)); };
}

Result<void> Service::make_controller() {
  const RunRecord& run = journal_->run();
  const Study& study = study_->study();
  RunFacts facts{study.name,
                 run.id,
                 directory_->path().filename().string(),
                 volume_.id(),
                 inventory_.engine,
                 inventory_.endpoint,
                 this_process().host,
                 inventory_.millicpu,
                 inventory_.memory_bytes,
                 machine_facts()};
  workspace_ = std::make_unique<VolumeWorkspace>(
      std::move(facts),
      VolumeWorkspace::Parts{*experiments_, *directory_, *workers_, poster(),
                             [this](const SecretReference& reference) { return secrets_.value(reference); },
                             [this](const ProjectedVolume& volume) { return secrets_.files(volume); }});
  workspace_->set_command_line([this](const AttemptSpec& spec) { return engine_->command_line(spec); });
  if (auto upright = bring_files_up(*journal_, *directory_); !upright) return upright;
  auto checkpoints = journal_->checkpoints();
  if (!checkpoints) return std::move(checkpoints).error();
  auto publisher = Publisher::open(directory_->path(), *checkpoints,
                                   [this](const RepetitionKey& key) { return experiments_->facts(key); });
  if (!publisher) return std::move(publisher).error();
  journal_->set_published(publisher->complete_to());
  const RunPlan plan = run_plan();
  const int at_once = Controller::places_of(plan);
  report_ = std::make_unique<RunReport>(
      RunReport::Parts{study.name, run.id, at_once, *experiments_, *journal_, clock_}, *std::move(publisher),
      StatusFile(directory_->path() / "status.json", clock_));
  reserved_ = std::make_unique<ReservedJournal>(*journal_, volume_.reserve());
  controller_ = std::make_unique<Controller>(
      plan, Controller::Parts{*reserved_, *engine_, *workspace_, *report_, gateway_, clock_});
  return {};
}

Result<void> Service::run() {
  if (options_.first) (void)gateway_.ask(*options_.first);
  watch_stop_file();
  while (true) {
    for (const std::function<void()>& job : posted_.drain()) job();
    if (auto turned = controller_->turn(); !turned) return turned;
    report_->refresh(*controller_);
    for (StagedApply& request : staged_.drain()) request.answer.set_value(apply_staged(request));
    if (next_) return {};
    if (controller_->finished()) break;
    Steady next = std::min(clock_.steady() + std::chrono::seconds(1), report_->next_due());
    if (const auto turn = controller_->next_turn()) next = std::min(next, *turn);
    loop_.run_once(std::max(next - clock_.steady(), Duration(0)));
  }
  if (const size_t left =
          controller_->finished() && !controller_->handed_over() ? controller_->left_behind() : 0)
    log::warning("the engine has not removed what is left of " + std::to_string(left) +
                 " attempts; the next apply on this volume removes it");
  if (!is_final(controller_->ledger().run_state())) return {};
  if (monitor_) monitor_->finish(kFollowersMayTake);
  if (auto forgotten = volume_.forget_secrets(journal_->run().id); !forgotten)
    log::warning(forgotten.error().message);
  if (auto written = write_run_summary(); !written) log::warning(written.error().message);
  return {};
}

Result<void> Service::write_run_summary() const {
  const std::string& run = journal_->run().id;
  const auto catalog = Catalog::open(volume_.database());
  if (!catalog) return catalog.error();
  const auto usage = catalog->usage(run);
  if (!usage) return usage.error();
  const auto measured = catalog->measurements(run);
  if (!measured) return measured.error();
  std::vector<std::string> warnings;
  for (const MetricDrift& drift : drifts_of(*measured)) warnings.push_back(drift_text(drift));
  if (const auto manifest = read_run_manifest(directory_->path()))
    for (const std::string& text : texts_of(manifest->changes)) warnings.push_back(text);
  if (auto moved = catalog->moved_images(run)) warnings.insert(warnings.end(), moved->begin(), moved->end());
  return write_summary(directory_->path(), summary_text(status(), *usage, warnings));
}

Status Service::status() const {
  return report_->status(*controller_);
}
bool Service::handed_over() const {
  return controller_->handed_over();
}

}  // namespace studyctl
