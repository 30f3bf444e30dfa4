#include "cli/never_started.h"

#include <vector>

#include "cli/study_source.h"
#include "plan/order.h"
#include "store/run_manifest.h"

namespace studyctl {
namespace {

// A bit for each repetition of the plan.
class Started {
 public:
  Started(uint64_t experiments, uint32_t cycles) : cycles_(cycles), bits_(experiments * cycles) {}

  void add(const RepetitionKey& key) {
    if (const uint64_t place = place_of(key.index, key.cycle); place < bits_.size()) bits_[place] = true;
  }
  bool has(const RepetitionKey& key) const { return bits_[place_of(key.index, key.cycle)]; }

 private:
  uint64_t place_of(uint64_t index, uint32_t cycle) const { return index * cycles_ + cycle - 1; }

  uint32_t cycles_;
  std::vector<bool> bits_;
};

}  // namespace

RepetitionState state_of_never_started(const RunSummary& run) {
  return run.state == RunState::Cancelled ? RepetitionState::Cancelled : RepetitionState::Waiting;
}

Result<uint64_t> count_never_started(const ChosenRun& chosen) {
  uint64_t started = 0;
  auto read = chosen.catalog.repetitions(chosen.run.record.id, {}, [&](const RepetitionSummary&) {
    ++started;
    return true;
  });
  if (!read) return std::move(read).error();
  return chosen.run.total - std::min(started, chosen.run.total);
}

Result<void> visit_never_started(const ChosenRun& chosen, const SelectionRules& rules,
                                 const std::function<bool(const PlannedRepetition&)>& visit) {
  auto manifest = read_run_manifest(chosen.directory.path());
  if (!manifest) return std::move(manifest).error();
  auto study = load_applied(manifest->manifest, manifest->inputs);
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
  for (uint64_t position = 0; position < order.size(); ++position) {
    const RepetitionKey key = order.at(position);
    if (started.has(key)) continue;
    const Point point = loaded.plan->at(key.index);
    if (!rules.selector.matches(point)) continue;
    PlannedRepetition planned{key.index, key.cycle, identifier.of(point).id, canonical_parameters(point)};
    if (planned.experiment.starts_with(rules.filter.experiment) && !visit(planned)) return {};
  }
  return {};
}

}  // namespace studyctl
