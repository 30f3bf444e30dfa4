#include "base/text.h"
#include "cli/describe_text.h"
#include "cli/status_text.h"
#include "store/outbox.h"
#include "store/status_file.h"
#include "study/applied_manifest.h"
#include "study/run_text.h"
#include "study/table.h"

namespace studyctl {
namespace {

constexpr size_t kMostCommands = 50;

std::string at_text(const std::optional<Instant>& at, Instant now) {
  return at ? instant_text(at) + " (" + ago_text(*at, now) + ")" : "";
}

void add_manifest(const ChosenRun& chosen, Description& description) {
  const auto manifest = applied_manifest(chosen);
  if (!manifest) return;
  std::string source = manifest->source;
  if (!manifest->flags.empty()) source += " with " + join(manifest->flags, " ");
  description.field("Manifest", source);
  description.field("Design", manifest->design_hash.substr(0, 12));
  const auto fact = [&](const char* name) {
    const auto found = manifest->environment.find(name);
    return found == manifest->environment.end() ? std::string() : found->second;
  };
  std::string machine = fact("host");
  if (!fact("cpu").empty()) machine += ", " + fact("cpu");
  if (!fact("kernel").empty()) machine += ", Linux " + fact("kernel");
  description.field("Machine", machine);
  std::string engine = fact("engine").empty() ? chosen.run.record.engine : fact("engine");
  if (!chosen.run.record.endpoint.empty()) engine += " at " + chosen.run.record.endpoint;
  description.field("Engine", engine);
  std::vector<std::string> changes = texts_of(manifest->changes);
  if (auto moved = chosen.catalog.moved_images(chosen.run.record.id))
    changes.insert(changes.end(), moved->begin(), moved->end());
  description.section("Changed midway", changes);
}

std::string controller_text(const ChosenRun& chosen, const Result<Status>& status, RunState state,
                            Instant now) {
  if (!is_on(chosen)) return state == RunState::Interrupted ? "gone" : "";
  if (!status) return "is starting";
  return "pid " + std::to_string(status->controller.pid) + " on " + status->controller.host +
         ", last heard of " + ago_text(status->heartbeat_at, now);
}

std::string told_text(const ChosenRun& chosen) {
  auto outbox = Outbox::open_for_reading(chosen.volume.database());
  const auto counts = outbox ? outbox->counts(chosen.run.record.id) : outbox.error();
  if (!counts) return "";
  std::vector<std::string> parts;
  if (counts->sent > 0) parts.push_back(std::to_string(counts->sent) + " sent");
  if (counts->waiting > 0) parts.push_back(std::to_string(counts->waiting) + " not sent yet");
  if (counts->dead > 0)
    parts.push_back(std::to_string(counts->dead) + " given up: see studyctl notify --list");
  return join(parts, ", ");
}

void add_usage(const ChosenRun& chosen, Description& description) {
  const auto usage = chosen.catalog.usage(chosen.run.record.id);
  if (!usage || usage->wall_seconds <= 0) return;
  description.field("Spent", usage_text(*usage));
}

std::vector<std::string> running_lines(const Status& status, Instant now) {
  std::vector<Row> rows;
  for (const Status::Current& current : status.current)
    rows.push_back({current.experiment, "cycle " + std::to_string(current.cycle),
                    "attempt " + std::to_string(current.attempt), doing_text(current, now)});
  return aligned(rows);
}

std::vector<std::string> waiting_lines(const Status& status, RunState state, Instant now) {
  if (status.counts.at(static_cast<size_t>(RepetitionState::Waiting)) == 0) return {};
  switch (state) {
    case RunState::Paused: return {"the run is paused: " + status.state_reason};
    case RunState::Stopping: return {"the run is stopping: none starts any more"};
    case RunState::Cancelling: return {"the run is being cancelled"};
    case RunState::Stopped: return {"the run was stopped"};
    case RunState::Interrupted: return {"nobody drives the run"};
    default: break;
  }
  if (is_final(state)) return {};
  std::vector<std::string> lines = status.waiting_for;
  if (status.cooldown_until && *status.cooldown_until > now)
    lines.insert(lines.begin(), "cooldown, " + human_duration(*status.cooldown_until - now) + " more");
  return lines;
}

std::vector<std::string> failure_lines(const Status& status) {
  std::vector<Row> rows;
  for (auto failure = status.failures.rbegin(); failure != status.failures.rend(); ++failure)
    rows.push_back({instant_text(failure->at), failure->experiment, "cycle " + std::to_string(failure->cycle),
                    std::string(name_of(failure->reason)), failure->message});
  return aligned(rows);
}

std::vector<std::string> command_lines(const ChosenRun& chosen) {
  const auto commands = chosen.catalog.commands(chosen.run.record.id);
  std::vector<Row> rows;
  if (!commands) return {};
  const size_t first = commands->size() - std::min(commands->size(), kMostCommands);
  for (size_t i = first; i < commands->size(); ++i) {
    const CommandRecord& command = commands->at(i);
    rows.push_back({instant_text(command.at), command.command, "by " + command.who});
  }
  return aligned(rows);
}

void add_status(const Status& status, RunState state, Instant now, Description& description) {
  if (status.eta_seconds && state == RunState::Running) description.field("ETA", eta_text(status));
  if (status.avg_duration_seconds)
    description.field("Average", seconds_text(*status.avg_duration_seconds) + " each, of the last 10");
  const std::string reasons = reasons_text(status.reasons);
  description.field("Attempts", reasons.empty() ? "" : reasons + " (did not succeed)");
  if (state != RunState::Interrupted) description.section("Running now", running_lines(status, now));
  description.section("Waits", waiting_lines(status, state, now));
  std::vector<std::string> shares;
  for (const Signatures::Share& share : status.signatures)
    shares.push_back(text_of(share, status.failed_attempts));
  description.section("Failures", shares);
  description.section("Last failures", failure_lines(status));
  description.section("Quarantine", status.quarantined);
}

}  // namespace

Result<Description> describe_run(const ChosenRun& chosen, Instant now) {
  const RunSummary& run = chosen.run;
  const auto status = read_status(chosen.directory.path() / "status.json");
  const std::optional<LockHolder> holder = chosen.volume.holder();
  const RunState state = shown_state(run, holder);
  Description description;
  description.field("Study", run.record.study);
  description.field("Run", run.record.directory + " (" + run.record.id + ")");
  description.field("State", std::string(name_of(state)) + (run.message.empty() ? "" : ": " + run.message));
  description.field("Controller", controller_text(chosen, status, state, now));
  if (!is_on(chosen)) description.field("Next", next_step(state, run.record.study));
  add_manifest(chosen, description);
  description.field("Created", at_text(run.record.created_at, now));
  description.field("Started", at_text(run.started_at, now));
  description.field("Finished", at_text(run.finished_at, now));
  description.field("Took", took_text(run, holder, now));
  description.field("Repetitions", std::to_string(count_done(run.counts)) + " of " +
                                       std::to_string(run.total) + " done: " + counts_text(run.counts));
  add_usage(chosen, description);
  description.field("Told", told_text(chosen));
  description.field("Path", chosen.directory.path().string());
  if (status) add_status(*status, state, now, description);
  description.section("Commands", command_lines(chosen));
  return description;
}

}  // namespace studyctl
