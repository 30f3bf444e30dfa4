#include "study/command_choice.h"

#include <algorithm>

#include "base/text.h"
#include "study/run_text.h"

namespace studyctl {
namespace {

Result<std::vector<RepetitionKey>> keys_of(const ChosenRun& chosen, const SelectionRules& rules) {
  std::vector<RepetitionKey> keys;
  auto read = visit_selected(chosen, rules, [&](const RepetitionSummary& repetition) {
    keys.push_back(repetition.key);
    return true;
  });
  if (!read) return std::move(read).error();
  return keys;
}

// What retry is about: what is selected, of that what is in the states that are named, else what can be
// tried again at all.
Result<void> select_for_retry(const ChosenRun& chosen, const AskedCommand& asked, Command& command) {
  using enum RepetitionState;
  auto rules = understand(asked.selection);
  if (!rules) return std::move(rules).error();
  command.states = rules->filter.states;
  rules->filter.max_fails = asked.max_retries.value_or(UINT32_MAX);
  const Selection& selection = asked.selection;
  const bool is_by_state = selection.selector.empty() && selection.reasons.empty() &&
                           selection.experiment.empty() && selection.min_fails == 0 && !asked.max_retries;
  if (is_by_state) {
    uint64_t count = 0;
    for (const RepetitionState state : command.states.empty() ? std::vector{Failed} : command.states)
      count += count_in(chosen.run, state);
    if (count > 0) return {};
    return Error{ErrorCode::NotFound, chosen.run.record.study + ": nothing is there to retry"};
  }
  const bool is_all = !selection.has_rules() && selection.experiment.empty();
  if (rules->filter.states.empty())
    rules->filter.states = is_all ? std::vector{Failed} : std::vector{Failed, Infeasible, Cancelled};
  auto keys = keys_of(chosen, *rules);
  if (!keys) return std::move(keys).error();
  command.repetitions = *std::move(keys);
  if (!command.repetitions.empty()) return {};
  return Error{ErrorCode::NotFound,
               chosen.run.record.study + ": nothing that failed or was cancelled is selected"};
}

// Without a controller nothing runs that could be told to end: then only what waits can be spared.
std::vector<RepetitionState> states_to_end(const AskedCommand& asked) {
  using enum RepetitionState;
  if (asked.kind == Command::Kind::Cancel && asked.is_driven) return {Waiting, Starting, Running};
  return {Waiting};
}

// What skip and cancel are about, of that what is in a state that they can end; cancel without a selection is
// about the run.
Result<void> select_for_ending(const ChosenRun& chosen, const AskedCommand& asked, Command& command) {
  if (!asked.selection.has_rules() && asked.selection.experiment.empty()) {
    if (command.kind == Command::Kind::Cancel) return {};
    return Error{ErrorCode::Invalid, "say what to skip: an experiment, -l, --state, --reason or --min-fails"};
  }
  auto rules = understand(asked.selection);
  if (!rules) return std::move(rules).error();
  std::vector<RepetitionState> states = states_to_end(asked);
  const bool takes_running = states.size() > 1;
  std::erase_if(states, [&](RepetitionState state) { return !rules->wants(state); });
  rules->filter.states = std::move(states);
  if (!rules->filter.states.empty()) {
    auto keys = keys_of(chosen, *rules);
    if (!keys) return std::move(keys).error();
    command.repetitions = *std::move(keys);
  }
  if (!command.repetitions.empty()) return {};
  return Error{ErrorCode::NotFound, chosen.run.record.study + ": nothing that " +
                                        (takes_running ? "runs or waits" : "waits") + " is selected"};
}

}  // namespace

Result<Command> command_for(const ChosenRun& chosen, const AskedCommand& asked) {
  Command command;
  command.kind = asked.kind;
  command.who = asked.who;
  command.why = asked.why;
  if (!asked.grace.empty()) {
    auto grace = parse_duration(asked.grace);
    if (!grace) return std::move(grace).error().within("grace");
    command.grace = *grace;
  }
  Result<void> selected;
  if (asked.kind == Command::Kind::Retry) selected = select_for_retry(chosen, asked, command);
  if (asked.kind == Command::Kind::Skip || asked.kind == Command::Kind::Cancel)
    selected = select_for_ending(chosen, asked, command);
  if (!selected) return std::move(selected).error();
  return command;
}

}  // namespace studyctl
