#include "control/take_up.h"

#include <algorithm>
#include <vector>

namespace studyctl {
namespace {

// Where the experiments that are on record are in the new plan.
struct Carried {
  std::vector<ExperimentCarried> experiments;
  bool all_stay = true;  // each of the plan that is on has the place it had
};

Result<Carried> find_again(SqliteJournal& journal, const ChangedManifest& change) {
  Carried carried;
  const IdentityIndex index(change.plan);
  auto read = journal.known_experiments([&](const SqliteJournal::KnownExperiment& known) {
    const auto to = index.find(known.identity);
    const bool was_planned = known.generation == journal.generation();
    if (was_planned != to.has_value() || (was_planned && *to != known.index)) carried.all_stay = false;
    if (to)
      carried.experiments.push_back(
          {known.generation, known.index, *to, std::max(change.cycles, known.cycles)});
  });
  if (!read) return std::move(read).error();
  return carried;
}

}  // namespace

Result<void> take_up(SqliteJournal& journal, const ChangedManifest& change) {
  auto carried = find_again(journal, change);
  if (!carried) return std::move(carried).error();
  uint64_t seq = journal.last_seq();
  const auto add = [&](Fact fact) { journal.append({++seq, change.now, {}, std::move(fact)}); };
  add(CommandAccepted{change.who, "apply"});
  // One that never began opens its first generation itself.
  const bool has_begun = journal.generation() > 0;
  if (has_begun && !(carried->all_stay && journal.experiments() == change.plan.plan.size())) {
    add(GenerationOpened{journal.generation() + 1, change.plan.plan.size(), change.cycles});
    for (const ExperimentCarried& experiment : carried->experiments) add(experiment);
  } else if (has_begun && journal.cycles() != change.cycles) {
    add(CyclesChanged{change.cycles});
  }
  journal.set_manifest(change.manifest, change.design_hash);
  return journal.commit();
}

}  // namespace studyctl
