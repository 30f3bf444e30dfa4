#include "engine/slurm/slurm_engine.h"

#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "engine/docker/command_line.h"
#include "engine/host_process.h"
#include "engine/labels.h"
#include "engine/slurm/batch_script.h"

namespace studyctl {
namespace {

using Phase = Observation::Phase;

constexpr Duration kKilledWithin = std::chrono::seconds(10);
constexpr Duration kLeaveAgain{200};
constexpr Duration kDropAgain = std::chrono::seconds(30);

}  // namespace

SlurmEngine::SlurmEngine(EventLoop& loop, SlurmSettings settings, ObservationSink sink)
    : settings_(std::move(settings)),
      sink_(std::move(sink)),
      commands_(loop),
      watch_(loop,
             [this](const AttemptId& id, std::string_view file) {
               Attempt* attempt = find(id);
               const bool is_note = file == kStartedFile || file == kExitFile;
               if (is_note && attempt && attempt->stage != Stage::Ended) look(*attempt);
             }),
      submitter_(commands_, settings_.volume,
                 {[this](const AttemptId& id, const TaskId& task) { on_submitted(id, task); },
                  [this](const AttemptId& id, const std::string& why) {
                    if (Attempt* known = find(id)) refuse(*known, Reason::CreateError, why);
                  },
                  [this](const AttemptId& id, const std::string& why) { progress(id, why); }}),
      canceller_(commands_) {
  commands_.after(settings_.look_every, [this] { look_at_all(); });
  commands_.after(settings_.ask_every, [this] { ask(); });
}

SlurmEngine::~SlurmEngine() = default;

// ---- what the controller asks ----

void SlurmEngine::prepare_image(const std::string& image, PullPolicy /*policy*/,
                                std::function<void(Result<std::string>)> done) {
  if (settings_.options.commands.wrapper.empty() && image != kNoImage && unused_images_.insert(image).second)
    log::warning("image " + image + " is not used: Slurm runs the command on the node as it is");
  commands_.after(Duration(0), [done = std::move(done)] { done(std::string()); });
}

void SlurmEngine::create(const AttemptSpec& spec) {
  if (Attempt* known = find(spec.id)) return tell(*known, known->told);
  const AttemptHome home(spec);
  if (home.exists() && !home.is_untouched()) return adopt_started({spec, true}, std::nullopt);
  Attempt& attempt = add(spec, Stage::Created);
  auto made = attempt.home.make(spec, settings_.options);
  if (made) return tell_phase(attempt, Phase::Created);
  refuse(attempt, Reason::CreateError, made.error().message);
}

void SlurmEngine::start(const AttemptId& id) {
  Attempt* attempt = find(id);
  if (!attempt) return tell_missing(id);
  if (attempt->stage != Stage::Created) return tell(*attempt, attempt->told);
  attempt->stage = Stage::Submitting;
  watch(*attempt);
  submitter_.add(
      {id, attempt->home, label_of(attempt->spec.labels, "studyctl.io/run"), attempt->home.options()});
}

void SlurmEngine::stop(const AttemptId& id, Duration grace) {
  Attempt* attempt = find(id);
  if (!attempt || attempt->stage == Stage::Ended) return;
  const bool is_first = !attempt->stop_grace;
  attempt->stop_grace = grace;
  if (attempt->stage != Stage::Running && attempt->home.withdraw()) {
    submitter_.drop(id);
    if (attempt->task) canceller_.end(*attempt->task, Canceller::How::Drop);
    return refuse(*attempt, Reason::Cancelled, "was cancelled");
  }
  if (is_first) press(id, Canceller::How::Term);
  if (!is_first) commands_.after(grace, [this, id] { press(id, Canceller::How::Kill); });
}

// Each step after the one before it has had its time, until the end is seen.
void SlurmEngine::press(const AttemptId& id, Canceller::How how) {
  using How = Canceller::How;
  Attempt* attempt = find(id);
  if (!attempt || attempt->stage == Stage::Ended) return;
  if (attempt->task) canceller_.end(*attempt->task, how);
  const How next = how == How::Term ? How::Kill : How::Drop;
  const Duration within = how == How::Term   ? attempt->stop_grace.value_or(Duration(0))
                          : how == How::Kill ? kKilledWithin
                                             : kDropAgain;
  commands_.after(within, [this, id, next] { press(id, next); });
}

void SlurmEngine::forget(const AttemptId& id) {
  Attempt* attempt = find(id);
  if (!attempt) {
    Observation gone;
    gone.attempt = id;
    gone.phase = Phase::Gone;
    told_.push_back(std::move(gone));
    return commands_.after(Duration(0), [this] { deliver(); });
  }
  if (std::exchange(attempt->is_leaving, true)) return;
  if (attempt->stage == Stage::Ended) return leave(*attempt);
  stop(id, Duration(0));
}

// Nothing of it is left in the queue either: this may be the last that this process does.
void SlurmEngine::leave(Attempt& attempt) {
  attempt.home.remove();
  if (!canceller_.is_busy()) return tell_phase(attempt, Phase::Gone);
  commands_.after(kLeaveAgain, [this, id = attempt.spec.id] {
    if (Attempt* leaving = find(id)) leave(*leaving);
  });
}

std::string SlurmEngine::command_line(const AttemptSpec& spec) const {
  auto process = host_process(spec.main, settings_.options.commands);
  if (!process) return "# " + process.error().message + "\n";
  std::vector<std::string> words = {"srun", "--ntasks=1", "--export=NONE"};
  for (const std::string& option : options_of(spec, settings_.options))
    if (!option.starts_with("--signal=")) words.push_back(option);
  words.push_back("--chdir=" + process->directory.string());
  words.emplace_back("env");
  for (const auto& [name, value] : process->environment)
    if (!spec.main.secret_variables.contains(name)) words.push_back(name + "=" + value);
  words.insert(words.end(), process->words.begin(), process->words.end());
  for (std::string& word : words) word = shell_quote(word);
  return join(words, " ") + "\n";
}

// ---- its way ----

SlurmEngine::Attempt* SlurmEngine::find(const AttemptId& attempt) {
  const auto found = attempts_.find(attempt);
  return found == attempts_.end() ? nullptr : &found->second;
}

SlurmEngine::Attempt& SlurmEngine::add(const AttemptSpec& spec, Stage stage) {
  Attempt attempt;
  attempt.spec = spec;
  attempt.home = AttemptHome(spec);
  attempt.stage = stage;
  return attempts_[spec.id] = std::move(attempt);
}

// One that was stopped meanwhile has been withdrawn, and nothing of it runs.
void SlurmEngine::on_submitted(const AttemptId& id, const TaskId& task) {
  Attempt* attempt = find(id);
  const bool is_of_another = attempt && attempt->stage == Stage::Running && attempt->task;
  if (!attempt || attempt->stage == Stage::Ended || is_of_another)
    return canceller_.end(task, Canceller::How::Drop);
  attempt->task = task;
  if (attempt->stage == Stage::Submitting) attempt->stage = Stage::Queued;
  progress(id, "waits in Slurm's queue");
}

void SlurmEngine::progress(const AttemptId& id, const std::string& message) {
  Attempt* attempt = find(id);
  if (!attempt || attempt->stage == Stage::Ended || attempt->stage == Stage::Running) return;
  if (attempt->told.phase == Phase::Preparing && attempt->told.message == message) return;
  Observation waits;
  waits.phase = Phase::Preparing;
  waits.message = message;
  waits.is_queued = attempt->home.is_untouched();
  tell(*attempt, std::move(waits));
}

void SlurmEngine::refuse(Attempt& attempt, Reason reason, const std::string& message) {
  Observation end;
  end.phase = Phase::Refused;
  end.reason = reason;
  end.message = message;
  end_as(attempt, std::move(end));
}

void SlurmEngine::end_as(Attempt& attempt, Observation end) {
  attempt.stage = Stage::Ended;
  submitter_.on_room();
  tell(attempt, std::move(end));
  if (attempt.is_leaving) leave(attempt);
}

// ---- telling ----

void SlurmEngine::tell_phase(Attempt& attempt, Phase phase, const std::string& message) {
  Observation seen;
  seen.phase = phase;
  seen.message = message;
  tell(attempt, std::move(seen));
}

// Never from within a call: what is told is delivered when the loop comes round.
void SlurmEngine::tell(Attempt& attempt, Observation observation) {
  observation.attempt = attempt.spec.id;
  if (attempt.task) observation.container = attempt.task->text();
  attempt.told = observation;
  told_.push_back(std::move(observation));
  if (told_.size() == 1) commands_.after(Duration(0), [this] { deliver(); });
}

void SlurmEngine::tell_missing(const AttemptId& id) {
  Observation missing;
  missing.attempt = id;
  missing.phase = Phase::Missing;
  missing.reason = Reason::Lost;
  missing.message = "Slurm does not know it";
  told_.push_back(std::move(missing));
  if (told_.size() == 1) commands_.after(Duration(0), [this] { deliver(); });
}

void SlurmEngine::deliver() {
  for (Observation& observation : std::exchange(told_, {})) {
    if (observation.phase == Phase::Gone) attempts_.erase(observation.attempt);
    sink_(std::move(observation));
  }
}

}  // namespace studyctl
