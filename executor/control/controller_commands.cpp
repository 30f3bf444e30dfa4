#include "base/text.h"
#include "control/controller.h"

// What users may ask of a run that is on.
namespace studyctl {
namespace {

constexpr Duration kStartsAreTold = std::chrono::seconds(2);

Error ended_already(const Ledger& ledger) {
  return {ErrorCode::Conflict, "the run has ended: " + std::string(name_of(ledger.run_state()))};
}

}  // namespace

std::string text_of(const Command& command) {
  if (!command.why.empty()) {
    Command bare = command;
    bare.why.clear();
    return text_of(bare) + ": " + command.why;
  }
  switch (command.kind) {
    case Command::Kind::Stop: return "stop";
    case Command::Kind::Pause: return "pause";
    case Command::Kind::Resume: return "resume";
    case Command::Kind::Cancel:
      if (!command.repetitions.empty()) return "cancel of " + std::to_string(command.repetitions.size());
      return command.grace ? "cancel --grace " + format_duration(*command.grace) : "cancel";
    case Command::Kind::Skip: return "skip of " + std::to_string(command.repetitions.size());
    case Command::Kind::Retry:
      return command.repetitions.empty() ? "retry" : "retry of " + std::to_string(command.repetitions.size());
    case Command::Kind::HandOver: return "hand over";
  }
  return "";
}

Gateway::Answer Controller::accept(const Command& command) {
  record(CommandAccepted{command.who, text_of(command)});
  switch (command.kind) {
    case Command::Kind::Stop: return stop_run(command);
    case Command::Kind::Pause: return pause_run(command);
    case Command::Kind::Resume: return resume_run(command);
    case Command::Kind::Cancel:
      return command.repetitions.empty() ? cancel_run(command) : cancel_some(command);
    case Command::Kind::Skip: return skip(command);
    case Command::Kind::Retry: return retry(command);
    case Command::Kind::HandOver:
      if (!hands_over_until_) hands_over_until_ = clock_.steady() + kStartsAreTold;
      return std::string("handing over: containers run on, the next apply adopts them");
  }
  return Error{ErrorCode::Internal, "unknown command"};
}

Gateway::Answer Controller::stop_run(const Command& command) {
  const RunState state = ledger_.run_state();
  if (is_final(state)) return ended_already(ledger_);
  if (state != RunState::Stopping && state != RunState::Cancelling)
    change_run(RunState::Stopping, "stopped by " + command.who, RunState::Stopped);
  const size_t running = live_.size();
  return running == 0 ? "stopped"
                      : "stopping: " + std::to_string(running) + " running will finish, none starts";
}

Gateway::Answer Controller::pause_run(const Command& command) {
  switch (ledger_.run_state()) {
    case RunState::Paused: return std::string("paused already");
    case RunState::Running:
    case RunState::Pending: break;
    default: return Error{ErrorCode::Conflict, "the run is " + std::string(name_of(ledger_.run_state()))};
  }
  change_run(RunState::Paused, "paused by " + command.who);
  return "paused: " + std::to_string(live_.size()) + " running will finish, none starts";
}

Gateway::Answer Controller::resume_run(const Command& command) {
  switch (ledger_.run_state()) {
    case RunState::Running: return std::string("it runs already");
    case RunState::Pending: return std::string("it waits for its turn already");
    case RunState::Paused:
    case RunState::Stopping: break;
    default: return Error{ErrorCode::Conflict, "the run is " + std::string(name_of(ledger_.run_state()))};
  }
  ends_when_paused_ = false;
  record(ThresholdRebased{});
  change_run(plan_.seat ? RunState::Pending : RunState::Running, "resumed by " + command.who);
  count_groups();
  return std::string("resumed");
}

Gateway::Answer Controller::cancel_run(const Command& command) {
  if (is_final(ledger_.run_state())) return ended_already(ledger_);
  const std::string message = "cancelled by " + command.who;
  cancel_all(message, RunState::Cancelled, command.grace);
  return live_.empty() ? "cancelled" : "cancelling: " + std::to_string(live_.size()) + " are told to end";
}

uint64_t Controller::skip_waiting(const std::vector<RepetitionKey>& keys, const std::string& who,
                                  const std::string& why) {
  uint64_t skipped = 0;
  for (const RepetitionKey& key : keys) {
    if (!ledger_.has(key) || ledger_.state(key) != RepetitionState::Waiting) continue;
    record(RepetitionSkipped{key, who, why});
    ++skipped;
  }
  return skipped;
}

Gateway::Answer Controller::skip(const Command& command) {
  if (is_final(ledger_.run_state())) return ended_already(ledger_);
  const uint64_t skipped = skip_waiting(command.repetitions, command.who, command.why);
  if (skipped == 0) return Error{ErrorCode::NotFound, "nothing that waits is selected"};
  return std::to_string(skipped) + " will not run";
}

Gateway::Answer Controller::cancel_some(const Command& command) {
  if (is_final(ledger_.run_state())) return ended_already(ledger_);
  uint64_t told = 0;
  for (const RepetitionKey& key : command.repetitions) {
    const auto found = live_.find(key);
    if (found == live_.end() || found->second.stage >= LiveAttempt::Stage::Reading) continue;
    stop(found->second, Reason::Cancelled, "cancelled by " + command.who, command.grace);
    ++told;
  }
  const uint64_t skipped = skip_waiting(command.repetitions, command.who, "cancelled");
  if (told + skipped == 0) return Error{ErrorCode::NotFound, "nothing that runs or waits is selected"};
  return std::to_string(told) + " are told to end, " + std::to_string(skipped) + " that wait will not run";
}

std::vector<RepetitionKey> Controller::all_in(const std::vector<RepetitionState>& states) const {
  if (states.empty()) return ledger_.all_in(RepetitionState::Failed);
  std::vector<RepetitionKey> keys;
  for (const RepetitionState state : states) {
    const std::vector<RepetitionKey> more = ledger_.all_in(state);
    keys.insert(keys.end(), more.begin(), more.end());
  }
  return keys;
}

Gateway::Answer Controller::retry(const Command& command) {
  switch (ledger_.run_state()) {
    case RunState::Pending:
    case RunState::Running:
    case RunState::Paused: break;
    default: return Error{ErrorCode::Conflict, "the run is " + std::string(name_of(ledger_.run_state()))};
  }
  std::vector<RepetitionKey> wanted = command.repetitions;
  if (wanted.empty()) wanted = all_in(command.states);
  uint64_t reset = 0;
  for (const RepetitionKey& key : wanted) {
    if (!ledger_.has(key)) continue;
    const RepetitionState state = ledger_.state(key);
    if (state != RepetitionState::Failed && state != RepetitionState::Infeasible &&
        state != RepetitionState::Cancelled && state != RepetitionState::Skipped)
      continue;
    record(RepetitionReset{key});
    ++reset;
  }
  count_groups();
  if (reset == 0) return Error{ErrorCode::NotFound, "nothing that has failed or was cancelled is selected"};
  return std::to_string(reset) + " will run again";
}

}  // namespace studyctl
