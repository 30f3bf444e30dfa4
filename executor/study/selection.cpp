#include "study/selection.h"

#include <algorithm>

#include "base/text.h"
#include "plan/order.h"
#include "store/result_row.h"
#include "study/applied_manifest.h"
#include "study/study_source.h"

namespace studyctl {
namespace {

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

// A bit for each repetition of the plan.
class Started {
 public:
  Started(uint64_t experiments, uint32_t cycles) : cycles_(cycles), bits_(experiments * cycles) {}

  void add(const RepetitionKey& key) {
    if (key.cycle <= cycles_) bits_[place_of(key)] = true;
  }
  bool has(const RepetitionKey& key) const { return bits_[place_of(key)]; }

 private:
  uint64_t place_of(const RepetitionKey& key) const { return key.index * cycles_ + key.cycle - 1; }

  uint32_t cycles_;
  std::vector<bool> bits_;
};

}  // namespace

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
  rules.filter.min_fails = selection.min_fails;
  rules.selector = *std::move(selector);
  return rules;
}

bool ParameterSieve::passes(const std::string& parameters) {
  return asked_.empty() || passes(point_of(parameters));
}

bool ParameterSieve::passes(const Point& point) {
  if (selector_.matches(point)) return passed_ = true;
  if (!passed_)
    for (const auto& [name, value] : point.parameters) known_.insert(name);
  return false;
}

Result<void> ParameterSieve::verdict() const {
  if (passed_ || known_.empty()) return {};
  const std::vector<std::string> known(known_.begin(), known_.end());
  for (const std::string& name : asked_) {
    if (known_.contains(name)) continue;
    const auto near = nearest(name, known);
    return Error{ErrorCode::Invalid,
                 "no experiment has a parameter '" + printable(name) + "'; " +
                     (near ? "did you mean " + *near + "?" : "there is: " + printable(join(known, ", ")))};
  }
  return {};
}

Result<void> visit_started(const ChosenRun& chosen, const SelectionRules& rules,
                           const VisitRepetition& visit) {
  ParameterSieve sieve(rules.selector);
  auto read = chosen.catalog.repetitions(chosen.run.record.id, rules.filter,
                                         [&](const RepetitionSummary& repetition) {
                                           return !sieve.passes(repetition.parameters) || visit(repetition);
                                         });
  return read ? sieve.verdict() : read;
}

RepetitionState state_of_never_started(const RunSummary& run) {
  return run.state == RunState::Cancelled ? RepetitionState::Cancelled : RepetitionState::Waiting;
}

Result<void> visit_never_started(const ChosenRun& chosen, const SelectionRules& rules,
                                 const VisitRepetition& visit) {
  auto study = load_run(chosen);
  if (!study) return std::move(study).error();
  const LoadedStudy& loaded = **study;
  const Execution& execution = loaded.study().execution;
  Started started(loaded.plan->size(), execution.cycles);
  auto read = chosen.catalog.repetitions(chosen.run.record.id, {}, [&](const RepetitionSummary& repetition) {
    started.add(repetition.key);
    return true;
  });
  if (!read) return read;

  const Identifier identifier(loaded.study(), loaded.inputs);
  const RunOrder order(execution.order, loaded.plan->size(), execution.cycles, execution.seed);
  RepetitionSummary planned;
  planned.state = state_of_never_started(chosen.run);
  const uint32_t generation = chosen.run.generation;
  for (uint64_t position = 0; position < order.size(); ++position) {
    planned.key = order.at(position);
    planned.key.generation = generation;
    if (started.has(planned.key)) continue;
    const Point point = loaded.plan->at(planned.key.index);
    if (!rules.selector.matches(point)) continue;
    planned.experiment = identifier.of(point).id;
    planned.parameters = canonical_parameters(point);
    if (planned.experiment.starts_with(rules.filter.experiment) && !visit(planned)) return {};
  }
  return {};
}

Result<uint64_t> count_never_started(const ChosenRun& chosen, const SelectionRules& rules) {
  uint64_t count = 0;
  const auto look = [&](const RepetitionSummary&) { return ++count, true; };
  // Without a rule the plan need not be computed.
  const bool counts_all = rules.filter.experiment.empty() && rules.selector.names().empty();
  auto read = counts_all ? chosen.catalog.repetitions(chosen.run.record.id, {}, look)
                         : visit_never_started(chosen, rules, look);
  if (!read) return std::move(read).error();
  return counts_all ? chosen.run.total - std::min(count, chosen.run.total) : count;
}

Result<void> visit_selected(const ChosenRun& chosen, const SelectionRules& rules,
                            const VisitRepetition& visit) {
  auto read = visit_started(chosen, rules, visit);
  // They have never ended for a reason.
  const bool wants_all = !rules.filter.states.empty() && rules.filter.reasons.empty() &&
                         rules.filter.min_fails == 0 && rules.wants(state_of_never_started(chosen.run));
  return read && wants_all ? visit_never_started(chosen, rules, visit) : read;
}

}  // namespace studyctl
