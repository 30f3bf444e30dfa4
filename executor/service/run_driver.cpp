#include "service/run_driver.h"

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "model/conclusions.h"
#include "plan/pilot.h"
#include "plan/plan_values.h"
#include "service/engine_finder.h"
#include "service/engine_limits.h"
#include "service/machine.h"
#include "service/preflight.h"
#include "service/record_change.h"
#include "store/outbox.h"
#include "store/run_manifest.h"
#include "store/summary.h"
#include "store/trash.h"
#include "study/applied_manifest.h"
#include "study/retention.h"

namespace studyctl {
namespace {

constexpr size_t kWorkers = 2;
constexpr Duration kStopFileInterval{500};

}  // namespace

RunDriver::RunDriver(Assignment assignment, DriveOptions options, LiveRuns& live, Seat* seat)
    : study_(std::move(assignment.study)),
      volume_(std::move(assignment.volume)),
      again_(std::move(assignment.again)),
      is_relay_(assignment.is_relay),
      live_(live),
      seat_(seat),
      options_(std::move(options)),
      loop_(clock_),
      posted_([this] { loop_.wake(); }),
      gateway_([this] { loop_.wake(); }),
      staged_([this] { loop_.wake(); }),
      secrets_(study_->manifest, options_.secret_directories),
      experiments_(std::make_unique<Experiments>(study_->design())),
      workers_(std::make_unique<Workers>(kWorkers)) {
  run_figures_.emplace(live_.page(), MetricLabels{{"study", study_->study().name}});
  metrics_ = RunMetrics(*run_figures_);
  if (seat_) seat_->wake_by([this] { loop_.wake(); });
}

RunDriver::~RunDriver() {
  if (seat_) seat_->wake_by(nullptr);
  if (has_entered_) live_.leave(run_id());
  workers_.reset();
  engine_.reset();
}

Result<void> RunDriver::open() {
  if (again_)
    if (auto kept = secrets_.keep(volume_, again_->record.id); !kept) return kept;
  if (auto found = find_engine(); !found) return found;
  if (auto ready = check_before_start(); !ready) return ready;
  if (auto opened = open_run(); !opened) return opened;
  if (auto made = make_controller(); !made) return made;
  if (auto entered = enter(); !entered) return entered;
  return controller_->recover();
}

Result<void> RunDriver::enter() {
  has_entered_ = true;
  return live_.enter(
      run_id(),
      {study_->study().name, directory_->path(), [this](Command command) { return tell(std::move(command)); },
       [this](const std::string& name, const std::string& who) { return ask_to_apply(name, who); }});
}

Result<void> RunDriver::find_engine() {
  const Execution& execution = study_->study().execution;
  auto made = engine_request(
      volume_, options_, options_.engine.empty() ? std::string(name_of(execution.engine)) : options_.engine);
  if (!made) return std::move(made).error();
  EngineRequest& request = *made;
  request.process = execution.process;
  if (auto chose = choose_cluster(request, execution.kubernetes); !chose) return chose;
  is_carried_ = request.carry.is_on();
  request.slurm = execution.slurm;
  request.longest = longest_attempt(study_->study());
  if (again_) request.fixed_endpoint = again_->record.endpoint;
  request.is_of_another = [this](const std::string& run) {
    const bool is_own = journal_ && run == run_id();
    return !is_own && live_.spares(run, study_->study().name);
  };
  request.metrics = &*run_figures_;
  auto found = studyctl::find_engine(loop_, request, [this](Observation seen) {
    if (controller_) controller_->see(std::move(seen));
  });
  if (!found) return std::move(found).error();
  engine_ = std::move(found->engine);
  inventory_ = std::move(found->inventory);
  return {};
}

Result<void> RunDriver::check_before_start() {
  const PreflightParts parts{*study_, inventory_, volume_, *engine_, loop_, again_ ? nullptr : &secrets_};
  if (is_relay_) {  // whoever asked for it has looked
    images_ = image_digests(parts);
    return {};
  }
  const bool is_carried = inventory_.kind == "kubernetes" && is_carried_;
  if (auto fine = can_be_carried(study_->study()); is_carried && !fine) return fine;
  auto images = preflight(parts);
  if (!images) return std::move(images).error();
  images_ = *std::move(images);
  if (!again_ || options_.accept_image_change) return {};
  const auto catalog = Catalog::of(volume_);
  return catalog ? expect_same_images(*catalog, *again_, images_) : catalog.error();
}

Result<RunRecord> RunDriver::begin_run() {
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

std::map<std::string, std::string> RunDriver::environment() const {
  auto facts = machine_facts();
  facts["engine"] = inventory_.engine;
  return facts;
}

Result<void> RunDriver::note_environment() {
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

Result<void> RunDriver::open_run() {
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
  const auto wake = [this] {
    if (Notifier* notifier = live_.notifier()) notifier->wake();
  };
  if (auto set = journal_->set_notifications(study_->manifest.notifications, wake); !set) return set;
  if (auto reused = reuse_what_is_done(); !reused) return reused;
  if (auto kept = secrets_.keep(volume_, journal_->run().id); !kept) return kept;
  if (auto cleared = directory_->clear_stop(); !cleared) return cleared;
  if (auto filled = volume_.reserve().fill(); !filled) log::warning(filled.error().message);
  auto opened = log::ThreadFile::open(directory_->path() / "controller.log", log::Level::Info);
  if (!opened) return std::move(opened).error();
  log_ = *std::move(opened);
  return {};
}

RunPlan RunDriver::run_plan() const {
  RunPlan plan;
  plan.study = &study_->study();
  plan.experiments = study_->plan->size();
  plan.room = {inventory_.millicpu, inventory_.memory_bytes, inventory_.devices};
  plan.at_most = options_.at_most;
  plan.is_relay = is_relay_;
  plan.note = note_;
  if (!is_relay_) plan.asked = {options_.who, options_.asked};
  plan.seat = seat_;
  plan.cores = &live_.cores();
  plan.run = run_id();
  const Execution& execution = study_->study().execution;
  if (execution.pilot)
    plan.pilot = pilot_of(*execution.pilot, *study_->plan,
                          RunOrder(execution.order, study_->plan->size(), execution.cycles, execution.seed));
  plan.pauses_after_pilot = !options_.no_pilot_pause;
  if (execution.budget)
    if (const auto catalog = Catalog::open(volume_.database()))
      if (const auto seconds = catalog->device_seconds(journal_->run().id))
        plan.gpu_time = Duration(std::llround(*seconds * 1000));
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

std::function<void(std::function<void()>)> RunDriver::poster() {
  return [this](std::function<void()> job) { posted_.post(std::move(job)); };
}

Result<void> RunDriver::make_controller() {
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
      RunReport::Parts{study.name, run.id, at_once, *experiments_, *journal_, clock_, metrics_},
      *std::move(publisher), StatusFile(directory_->path() / "status.json", clock_));
  reserved_ = std::make_unique<ReservedJournal>(*journal_, volume_.reserve(), metrics_.commits);
  controller_ = std::make_unique<Controller>(
      plan, Controller::Parts{*reserved_, *engine_, *workspace_, *report_, gateway_, clock_});
  return {};
}

Result<void> RunDriver::take_turn() {
  const Timing timing(metrics_.turns);
  if (auto turned = controller_->turn(); !turned) return turned;
  report_->refresh(*controller_);
  return {};
}

Result<void> RunDriver::run() {
  watch_stop_file();
  while (true) {
    for (const std::function<void()>& job : posted_.drain()) job();
    if (auto turned = take_turn(); !turned) return turned;
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
  forget_secrets();
  if (auto written = write_run_summary(); !written) log::warning(written.error().message);
  apply_retention();
  return {};
}

// Where messages wait, the notifier does it after the last of them.
void RunDriver::forget_secrets() {
  auto outbox = Outbox::open_for_reading(volume_.database());
  if (outbox)
    if (const auto is_done = outbox->is_done_with(run_id()); is_done && !*is_done) return;
  if (auto forgotten = volume_.forget_secrets(run_id()); !forgotten) log::warning(forgotten.error().message);
}

void RunDriver::apply_retention() {
  const Retention& rules = study_->manifest.retention;
  if (!rules.has_rules()) return;
  std::lock_guard lock(live_.history());
  const auto plan = plan_prune(volume_, rules, study_->study().name, live_.held());
  const auto pruned =
      plan ? prune(volume_, *plan,
                   [](const PrunedRun& one) {
                     log::info("spec.retention: " + one.run.record.directory + " is removed: " + one.why);
                   })
           : plan.error();
  if (!pruned) log::warning("spec.retention: " + pruned.error().message);
}

Result<void> RunDriver::write_run_summary() const {
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

Result<void> run_in_turn(std::optional<RunDriver>& driver,
                         const std::function<Result<void>(Assignment, DriveOptions)>& begin) {
  while (true) {
    if (auto ran = driver->run(); !ran) return ran;
    auto next = driver->next();
    if (!next) return {};
    if (auto opened = begin(std::move(next->first), std::move(next->second)); !opened) return opened;
  }
}

Status RunDriver::status() const {
  return report_->status(*controller_);
}
bool RunDriver::handed_over() const {
  return controller_->handed_over();
}

void RunDriver::watch_stop_file() {
  if (directory_->stop_requested()) {
    if (auto cleared = directory_->clear_stop(); !cleared) log::warning(cleared.error().message);
    Command command;
    command.who = "the STOP file";
    (void)gateway_.ask(std::move(command));
  }
  loop_.after(kStopFileInterval, [this] { watch_stop_file(); });
}

}  // namespace studyctl
