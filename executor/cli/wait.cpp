#include "cli/wait.h"

#include <cstdio>
#include <optional>
#include <thread>

#include "base/text.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/run_view.h"
#include "cli/status_text.h"
#include "store/status_file.h"
#include "study/run_choice.h"
#include "study/table.h"

// wait: for scripts, until a run has come to its end or to a state.
namespace studyctl {
namespace {

constexpr Duration kPoll{200};

struct WaitOptions {
  std::string study;
  std::string condition = "completed";
  std::string timeout;
};

std::string words() {
  std::vector<std::string> names = {"completed"};
  for (size_t i = 0; i < kRunStates; ++i) names.emplace_back(name_of(static_cast<RunState>(i)));
  return join(names, ", ");
}

}  // namespace

Result<WaitCondition> parse_condition(const std::string& text) {
  std::string_view word = text;
  if (word.starts_with("condition=")) word.remove_prefix(10);
  if (lower(word) == "completed" || lower(word) == "ended") return WaitCondition{};
  for (size_t i = 0; i < kRunStates; ++i)
    if (lower(name_of(static_cast<RunState>(i))) == lower(word))
      return WaitCondition{static_cast<RunState>(i)};
  return Error{ErrorCode::Invalid, "--for=" + printable(text) + ": is not known; there is: " + words()};
}

std::optional<int> WaitCondition::exit_code(const Status& status, Instant now) const {
  const RunState shown = shown_state(status, now);
  if (state && shown == *state) return kSucceeded;
  if (liveness_of(status, now) != Liveness::Alive) return exit_code_of(shown, status.state_reason);
  return std::nullopt;
}

namespace {

void tell(const ChosenRun& chosen, const Status& status) {
  const Instant now = SystemClock().now();
  if (liveness_of(status, now) == Liveness::Alive) return print_lines(summary_lines(status, now));
  await_release(chosen);
  tell_end(status, chosen.volume);
}

int wait(const Context& context, const WaitOptions& options) {
  const auto condition = parse_condition(options.condition);
  if (!condition) return fail(condition.error());
  std::optional<Duration> timeout;
  if (!options.timeout.empty()) {
    const auto parsed = parse_duration(options.timeout);
    if (!parsed) return fail(Error(parsed.error()).within("--timeout"));
    timeout = *parsed;
  }
  auto chosen = choose_run(context.find_volume(), options.study);
  if (!chosen) return fail(chosen.error());
  SystemClock clock;
  const Steady begun = clock.steady();
  while (true) {
    const auto status = read_status(chosen->directory.path() / "status.json");
    // A run that has just begun has none yet.
    if (!status && !is_on(*chosen)) return fail(status.error());
    if (status) {
      if (const auto code = condition->exit_code(*status, clock.now())) {
        tell(*chosen, *status);
        return *code;
      }
    }
    if (timeout && clock.steady() - begun >= *timeout) {
      std::fprintf(stderr, "studyctl: %s: waited %s in vain\n", chosen->run.record.study.c_str(),
                   human_duration(*timeout).c_str());
      return kTimedOut;
    }
    std::this_thread::sleep_for(kPoll);
  }
}

}  // namespace

void add_wait(CLI::App& app, Context& context) {
  WaitOptions& options = context.keep<WaitOptions>();
  CLI::App* command = app.add_subcommand("wait", "Wait until a run has ended, or is in a state");
  add_study(*command, options.study);
  command
      ->add_option("--for", options.condition,
                   "completed: it has ended, however; or a run's state: Running, Paused …")
      ->type_name("STATE")
      ->capture_default_str();
  command->add_option("--timeout", options.timeout, "No longer than this: 10m, 2h; for ever when not given")
      ->type_name("DURATION");
  command->footer(
      "Exit codes: 0 all succeeded, or the state was reached; 1 finished with failures; 2 failed, or paused "
      "by its "
      "threshold;\n3 stopped, cancelled or interrupted; 124 timed out.");
  command->final_callback([&] { context.run = [&] { return wait(context, options); }; });
}

}  // namespace studyctl
