#include "cli/selection.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "store/result_row.h"

namespace studyctl {
namespace {

template <class Word, size_t N>
std::vector<std::string> all_words() {
  std::vector<std::string> names;
  for (size_t i = 0; i < N; ++i) names.emplace_back(name_of(static_cast<Word>(i)));
  return names;
}

template <class Word, size_t N>
Result<std::vector<Word>> words_of(const char* flag, const std::vector<std::string>& texts) {
  const std::vector<std::string> names = all_words<Word, N>();
  std::vector<Word> words;
  for (const std::string& text : texts) {
    const auto found = std::find_if(names.begin(), names.end(),
                                    [&](const std::string& name) { return lower(name) == lower(text); });
    if (found == names.end())
      return Error{ErrorCode::Invalid, std::string(flag) + " " + printable(text) +
                                           ": is not known; there is: " + join(names, ", ")};
    words.push_back(static_cast<Word>(found - names.begin()));
  }
  return words;
}

Point point_of(const std::string& parameters) {
  Point point;
  for (auto& [name, text] : parameter_texts(parameters))
    point.parameters.emplace_back(name, Value{Value::Kind::String, std::move(text)});
  return point;
}

Error unknown_parameter(const std::string& name, const std::set<std::string>& known) {
  const std::vector<std::string> names(known.begin(), known.end());
  std::string message = "no experiment has a parameter '" + printable(name) + "'";
  if (const auto near = nearest(name, names))
    return {ErrorCode::Invalid, message + "; did you mean " + *near + "?"};
  return {ErrorCode::Invalid, message + "; there is: " + printable(join(names, ", "))};
}

}  // namespace

void add_selection(CLI::App& command, Selection& selection) {
  const char* group = "Which repetitions";
  command.add_option("EXPERIMENT", selection.experiment, "An experiment's id, or its beginning");
  command
      .add_option("-l,--selector", selection.selector,
                  "By parameters: molecule=water,charge!=0 or 'backend in (a, b)'")
      ->group(group);
  command.add_option("--state", selection.states, "By state: Failed,Running …")->delimiter(',')->group(group);
  command.add_option("--reason", selection.reasons, "By why the last attempt ended: Timeout,OOMKilled …")
      ->delimiter(',')
      ->group(group);
}

bool SelectionRules::matches(const std::string& parameters) const {
  return selector.matches(point_of(parameters));
}

bool SelectionRules::wants(RepetitionState state) const {
  const std::vector<RepetitionState>& states = filter.states;
  return states.empty() || std::find(states.begin(), states.end(), state) != states.end();
}

Result<SelectionRules> understand(const Selection& selection) {
  SelectionRules rules;
  auto states = words_of<RepetitionState, kRepetitionStates>("--state", selection.states);
  if (!states) return std::move(states).error();
  auto reasons = words_of<Reason, kReasons>("--reason", selection.reasons);
  if (!reasons) return std::move(reasons).error();
  auto selector = Selector::parse(selection.selector);
  if (!selector) return std::move(selector).error().within("-l");
  rules.filter.states = *std::move(states);
  rules.filter.reasons = *std::move(reasons);
  rules.filter.experiment = selection.experiment;
  rules.selector = *std::move(selector);
  return rules;
}

Result<void> check_names(const Selector& selector, const std::set<std::string>& known) {
  if (known.empty()) return {};
  for (const std::string& name : selector.names())
    if (!known.contains(name)) return unknown_parameter(name, known);
  return {};
}

Result<void> visit_selected(const ChosenRun& chosen, const SelectionRules& rules,
                            const std::function<bool(const RepetitionSummary&)>& visit) {
  const std::vector<std::string> asked = rules.selector.names();
  std::set<std::string> known;
  bool matched = false;
  const auto look = [&](const RepetitionSummary& repetition) {
    if (asked.empty()) return visit(repetition);
    const Point point = point_of(repetition.parameters);
    if (rules.selector.matches(point)) {
      matched = true;
      return visit(repetition);
    }
    if (!matched)
      for (const auto& [name, value] : point.parameters) known.insert(name);
    return true;
  };
  if (auto read = chosen.catalog.repetitions(chosen.run.record.id, rules.filter, look); !read) return read;
  return matched ? Result<void>() : check_names(rules.selector, known);
}

Result<std::vector<RepetitionSummary>> select_repetitions(const ChosenRun& chosen,
                                                          const Selection& selection) {
  auto rules = understand(selection);
  if (!rules) return std::move(rules).error();
  std::vector<RepetitionSummary> found;
  auto read = visit_selected(chosen, *rules, [&](const RepetitionSummary& repetition) {
    found.push_back(repetition);
    return true;
  });
  if (!read) return std::move(read).error();
  return found;
}

}  // namespace studyctl
