#include "service/study_service.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "http/apply_api.h"
#include "service/apply_decision.h"
#include "service/engine_finder.h"
#include "service/record_skips.h"
#include "service/run_again.h"
#include "store/trash.h"
#include "study/applied_manifest.h"
#include "study/run_text.h"

namespace studyctl {
namespace {

constexpr size_t kMostRuns = 64;  // a thread and a connection to the engine each
constexpr Duration kFirstPause{1000};
constexpr Duration kLongestPause = std::chrono::minutes(1);
constexpr Duration kClearsUpWithin{10'000};

Result<Room> machine_of(const ResultsVolume& volume, const DriveOptions& options) {
  SystemClock clock;
  EventLoop loop(clock);
  auto request = engine_request(volume, options, options.engine.empty() ? "auto" : options.engine);
  if (!request) return std::move(request).error();
  request->looks_only = options.spans_namespaces;
  auto found = find_engine(loop, *request, [](const Observation&) {});
  if (!found) return std::move(found).error();
  if (auto fine = found->engine->can_mount(volume.root()); !fine) return std::move(fine).error();
  const Inventory& inventory = found->inventory;
  log::info("engine: " + inventory.engine + " at " + inventory.endpoint);
  return Room{inventory.millicpu, inventory.memory_bytes, inventory.devices};
}

Command hand_over_command() {
  Command command;
  command.kind = Command::Kind::HandOver;
  command.who = "the service";
  return command;
}

// A run as it was applied.
Result<Assignment> as_applied(const ChosenRun& chosen) {
  auto study = load_run(chosen);
  if (!study) return std::move(study).error();
  return Assignment{*std::move(study), chosen.volume, chosen.run};
}

}  // namespace

struct StudyService::Drive {
  std::thread thread;
  std::promise<Result<Begun>> begun;
  bool has_ended = false;
};

StudyService::StudyService(ResultsVolume volume, ServiceOptions options, Room machine,
                           std::unique_ptr<LiveRuns> live)
    : volume_(std::move(volume)),
      options_(std::move(options)),
      machine_(std::move(machine)),
      live_(std::move(live)),
      queue_(machine_) {}

Result<std::unique_ptr<StudyService>> StudyService::open(const ResultsVolume& volume,
                                                         ServiceOptions options) {
  LockHolder holder = this_holder("");
  holder.is_service = true;
  holder.runs.clear();
  auto live = LiveRuns::take(volume, std::move(holder));
  if (!live) return std::move(live).error();
  clear_staged(volume);
  clear_sent_inputs(volume);
  if (auto finished = finish_removals(volume); !finished) return std::move(finished).error();
  (*live)->start_notifier(
      volume, {options.drive.secret_directories, HttpAddress::Reach::Elsewhere, options.policy.notify_hosts});
  auto machine = machine_of(volume, options.drive);
  if (!machine) return std::move(machine).error();
  std::unique_ptr<StudyService> service(
      new StudyService(volume, std::move(options), *std::move(machine), *std::move(live)));
  service->take_up_unfinished();
  return service;
}

StudyService::~StudyService() {
  shut_down();
}

void StudyService::take_up_unfinished() {
  const auto catalog = Catalog::of(volume_);
  const auto unfinished = catalog ? catalog->unfinished() : Result<std::vector<RunSummary>>(catalog.error());
  if (!unfinished) {
    if (unfinished.error().code != ErrorCode::NotFound) log::error(unfinished.error().message);
    return;
  }
  for (const RunSummary& run : *unfinished)
    if (auto held = live_->hold(run.record.study, run.record.id); !held) log::error(held.error().message);
  for (const RunSummary& run : *unfinished) {
    const Result<void> taken = take_up(run);
    if (!taken) live_->release(run.record.id);
    log::info("study " + run.record.study + ": " +
              (taken ? "goes on with " + run.record.directory : taken.error().message));
  }
}

Result<void> StudyService::take_up(const RunSummary& run) {
  const auto chosen = choose_run(volume_, run.record.id);
  if (!chosen) return chosen.error();
  auto assignment = as_applied(*chosen);
  if (!assignment) return std::move(assignment).error();
  assignment->is_relay = true;
  const auto started = start(*std::move(assignment), options_for(*chosen), std::nullopt);
  return started ? Result<void>() : Result<void>(started.error());
}

// One whose end can be read is held a moment longer, until its controller has cleared up.
bool StudyService::is_on(const RunSummary& run) {
  return is_final(run.state) ? !live_->await_release(run.record.id, kClearsUpWithin)
                             : live_->holds(run.record.id);
}

// What was said when the run was applied.
DriveOptions StudyService::options_for(const ChosenRun& chosen) const {
  DriveOptions options = options_.drive;
  if (const auto manifest = applied_manifest(chosen)) options.flags = manifest->flags;
  return options;
}

Result<Applied> StudyService::apply(ApplyRequest request) {
  std::lock_guard one_at_a_time(apply_mutex_);
  if (!request.is_local)
    if (auto allowed = check_policy(options_.policy, *request.study); !allowed)
      return std::move(allowed).error();
  if (!request.is_large_meant)
    if (auto within = within_the_limit(*request.study); !within) return std::move(within).error();
  auto newest = newest_run(volume_, request.study->study().name);
  if (!newest) return std::move(newest).error();
  if (!*newest) return begin(std::move(request), std::nullopt);
  return apply_to(**newest, std::move(request));
}

Result<Applied> StudyService::begin(ApplyRequest request, std::optional<RunSummary> again,
                                    std::optional<Command> first) {
  const bool goes_on = again.has_value();
  const std::string name = request.study->study().name;
  DriveOptions options = options_.drive;
  options.who = std::move(request.who);
  options.asked = std::move(request.asked);
  options.flags = std::move(request.flags);
  options.reuse = request.reuse;
  options.accept_image_change = request.accept_image_change;
  options.no_pilot_pause = request.no_pilot_pause;
  auto begun =
      start({std::move(request.study), volume_, std::move(again)}, std::move(options), std::move(first));
  if (!begun) return std::move(begun).error();
  return Applied{goes_on ? Applied::Kind::GoesOn : Applied::Kind::Created, name, begun->run,
                 goes_on ? "goes on" : "created"};
}

Result<Applied> StudyService::again(const std::string& run, AgainRequest request) {
  std::lock_guard one_at_a_time(apply_mutex_);
  const auto chosen = choose_run(volume_, run);
  if (!chosen) return chosen.error();
  const auto newest = newest_run(volume_, chosen->run.record.study);
  if (!newest) return newest.error();
  if (*newest && is_on((*newest)->run))
    return Error{ErrorCode::Conflict,
                 (*newest)->run.record.directory + " is on: stop or cancel it before a new run is opened"};
  auto again = run_again(*chosen, request);
  if (!again) return std::move(again).error();
  return begin(std::move(again->apply), std::nullopt, std::move(again->first));
}

Result<void> StudyService::remove(const std::string& run) {
  std::lock_guard one_at_a_time(apply_mutex_);
  const auto chosen = choose_run(volume_, run);
  if (!chosen) return chosen.error();
  if (is_on(chosen->run))
    return Error{ErrorCode::Conflict,
                 chosen->run.record.directory + " is on: cancel it before it is deleted"};
  std::lock_guard history(live_->history());
  if (auto removed = remove_run(volume_, chosen->run.record); !removed) return removed;
  return empty_trash(volume_);
}

Result<Applied> StudyService::apply_to(const ChosenRun& newest, ApplyRequest request) {
  const RunSummary& run = newest.run;
  const std::string& name = run.record.study;
  const bool is_live = is_on(run);
  if (request.fresh && is_live)
    return Error{ErrorCode::Conflict,
                 name + ": " + run.record.directory + " is on: stop or cancel it before a new run is opened"};
  if (request.fresh) return begin(std::move(request), std::nullopt);
  auto changes = changes_since(newest, *request.study);
  if (!changes) return std::move(changes).error();
  if (is_live) return apply_to_live(newest, *changes, std::move(request));
  const ApplyDecision decision = decide(run, *changes, *request.study);
  switch (decision.kind) {
    case ApplyDecision::Kind::Refused: return Error{ErrorCode::Invalid, name + ": " + decision.message};
    case ApplyDecision::Kind::Unchanged:
      return Applied{Applied::Kind::Unchanged, name, run.record.id, decision.message};
    case ApplyDecision::Kind::Configured: {
      auto configured = configure(*request.study, newest, request.flags, request.who);
      if (!configured) return std::move(configured).error();
      return Applied{Applied::Kind::Configured, name, run.record.id, "configured, nothing is left to run"};
    }
    case ApplyDecision::Kind::GoOn: return begin(std::move(request), run);
    case ApplyDecision::Kind::New: break;
  }
  return begin(std::move(request), std::nullopt);
}

Result<Applied> StudyService::apply_to_live(const ChosenRun& live, const StudyChanges& changes,
                                            ApplyRequest request) {
  const std::string& name = live.run.record.study;
  const std::string& id = live.run.record.id;
  if (changes.none()) return Applied{Applied::Kind::Unchanged, name, id, "unchanged, runs already"};
  if (changes.seed)
    return Error{ErrorCode::Conflict, name +
                                          ": execution.seed cannot change while it runs: stop it, then "
                                          "`apply --fresh`"};
  DriveOptions options = options_.drive;
  options.flags = std::move(request.flags);
  options.accept_image_change = request.accept_image_change;
  auto answer =
      hand_over(live, *request.study, options, [&](const std::string& run, const std::string& staged) {
        return live_->apply(run, staged, request.who);
      });
  if (!answer) return std::move(answer).error().within(name);
  return Applied{Applied::Kind::Configured, name, id, *std::move(answer)};
}

Gateway::Answer StudyService::tell(const std::string& run, const Command& command) {
  // Also between two controllers: a third would work beside the next one.
  if (live_->holds(run)) return live_->tell(run, command);
  std::lock_guard one_at_a_time(apply_mutex_);
  auto chosen = choose_run(volume_, run);
  if (!chosen) return std::move(chosen).error();
  const bool is_of_some = command.kind == Command::Kind::Cancel && !command.repetitions.empty();
  if (command.kind == Command::Kind::Skip || is_of_some) {
    auto recorded = record_skips(*chosen, command);
    if (!recorded) return std::move(recorded).error();
    return std::to_string(command.repetitions.size()) + " will not run";
  }
  if (!has_something_to_do(command.kind, chosen->run.state)) return nobody_drives_it(chosen->run);
  auto assignment = as_applied(*chosen);
  if (!assignment) return std::move(assignment).error();
  auto begun = start(*std::move(assignment), options_for(*chosen), command);
  if (!begun) return std::move(begun).error();
  return await_answer(begun->answer);
}

Result<StudyService::Begun> StudyService::start(Assignment assignment, DriveOptions options,
                                                std::optional<Command> first) {
  join_ended();
  std::future<Result<Begun>> begun;
  {
    std::lock_guard lock(mutex_);
    if (is_ending_) return Error{ErrorCode::Unavailable, "the service is ending: try again"};
    if (drives_.size() >= kMostRuns)
      return Error{ErrorCode::Unavailable,
                   std::to_string(kMostRuns) + " runs are on or wait already: try again when one has ended"};
    Drive& added = drives_.emplace_back();
    begun = added.begun.get_future();
    added.thread = std::thread([this, &added, assignment = std::move(assignment),
                                options = std::move(options), first = std::move(first)]() mutable {
      drive(added, std::move(assignment), options, first);
      std::lock_guard ended(mutex_);
      added.has_ended = true;
      changed_.notify_all();
    });
  }
  return begun.get();
}

void StudyService::drive(Drive& drive, Assignment assignment, const DriveOptions& options,
                         const std::optional<Command>& first) {
  const Execution& execution = assignment.study->study().execution;
  const std::unique_ptr<Seat> seat =
      queue_.join({assignment.study->study().name,
                   assignment.again ? assignment.again->record.created_at : SystemClock().now(),
                   execution.priority, execution.preemption, room_for(*assignment.study, machine_)});
  std::optional<RunDriver> driver;
  std::string run;
  const auto begin = [&](Assignment next, DriveOptions with) {
    driver.emplace(std::move(next), std::move(with), *live_, seat.get());
    auto opened = driver->open();
    if (opened && is_ending()) (void)driver->tell(hand_over_command());
    return opened;
  };
  Result<void> result = begin(std::move(assignment), options);
  if (!result) {
    driver.reset();
    return drive.begun.set_value(result.error());
  }
  run = driver->run_id();
  drive.begun.set_value(Begun{run, first ? driver->tell(*first) : std::future<Gateway::Answer>()});
  Duration pause = kFirstPause;
  while (true) {
    if (result) result = run_in_turn(driver, begin);
    if (result) break;
    // What a controller cannot go on with ends it; another one begins as after a crash.
    log::error("study " + live_->study_of(run) + ": " + result.error().message + "; tried again in " +
               format_duration(pause));
    driver.reset();
    if (!wait_to_try_again(pause)) break;
    pause = std::min(pause * 2, kLongestPause);
    const auto chosen = choose_run(volume_, run);
    auto again = chosen ? as_applied(*chosen) : Result<Assignment>(chosen.error());
    if (!again) {
      result = again.error();
      continue;
    }
    again->is_relay = true;
    result = begin(*std::move(again), options);
  }
  driver.reset();
  live_->release(run);
}

bool StudyService::is_ending() {
  std::lock_guard lock(mutex_);
  return is_ending_;
}

// False when the service ends meanwhile.
bool StudyService::wait_to_try_again(Duration pause) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, pause, [this] { return is_ending_; });
}

void StudyService::join_ended() {
  std::lock_guard lock(mutex_);
  for (Drive& drive : drives_)
    if (drive.has_ended) drive.thread.join();
  drives_.remove_if([](const Drive& drive) { return drive.has_ended; });
}

void StudyService::shut_down() {
  {
    std::unique_lock lock(mutex_);
    is_ending_ = true;
    changed_.notify_all();
  }
  if (options_.drain > Duration(0)) {
    queue_.close("the next service, as this one ends");
    std::unique_lock lock(mutex_);
    const Steady deadline = SystemClock().steady() + options_.drain;
    while (!queue_.is_idle() && SystemClock().steady() < deadline)
      changed_.wait_for(lock, std::chrono::milliseconds(200));
  }
  for (const std::string& run : live_->runs()) (void)live_->tell(run, hand_over_command());
  for (Drive& drive : drives_)
    if (drive.thread.joinable()) drive.thread.join();
  std::lock_guard lock(mutex_);
  drives_.clear();
}

}  // namespace studyctl
