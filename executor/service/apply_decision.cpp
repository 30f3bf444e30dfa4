#include "service/apply_decision.h"

#include "base/text.h"
#include "service/record_change.h"
#include "store/publisher.h"
#include "study/applied_manifest.h"
#include "study/run_text.h"

namespace studyctl {
namespace {

std::string finished_text(const RunSummary& run) {
  if (run.state == RunState::Completed) return "unchanged: all " + std::to_string(run.total) + " are done";
  return "unchanged: " + std::string(name_of(run.state)) + ", " + counts_text(run.counts) + ": " +
         next_step(run.state, run.record.study) + ", `apply --fresh` opens a new run";
}

}  // namespace

ApplyDecision decide(const RunSummary& newest, const StudyChanges& changes, const LoadedStudy& study) {
  using enum ApplyDecision::Kind;
  if (changes.seed && newest.total > 0)
    return {Refused, "execution.seed: a run that has begun keeps its seed; `apply --fresh` opens a new run"};
  if (is_unfinished(newest.state)) return {GoOn, ""};
  if (changes.none()) return {Unchanged, finished_text(newest)};
  if (!changes.experiments.none()) return {New, ""};
  const Execution& after = study.study().execution;
  const bool repeats = after.repeat_until && changes.repeats;
  const bool wants_more = repeats || after.cycles > changes.before->study().execution.cycles;
  return {wants_more ? GoOn : Configured, ""};
}

Result<std::optional<ChosenRun>> newest_run(const ResultsVolume& volume, const std::string& study) {
  auto chosen = choose_run(volume, study);
  if (chosen) return std::optional(*std::move(chosen));
  if (chosen.error().code == ErrorCode::NotFound) return std::optional<ChosenRun>();
  return std::move(chosen).error();
}

Result<StudyChanges> changes_since(const ChosenRun& chosen, const LoadedStudy& study) {
  auto manifest = applied_manifest(chosen);
  if (!manifest) return std::move(manifest).error();
  return changes_of(*manifest, chosen.directory.path(), study);
}

Result<void> within_the_limit(const LoadedStudy& study) {
  const uint64_t limit = study.study().execution.limit;
  if (study.repetitions() <= limit) return {};
  return Error{ErrorCode::Invalid, std::to_string(study.repetitions()) +
                                       " repetitions are more than the limit of " + std::to_string(limit) +
                                       ": say --yes, or raise spec.execution.limit"};
}

Result<void> configure(const LoadedStudy& study, const ChosenRun& chosen,
                       const std::vector<std::string>& flags, const std::string& who) {
  if (auto kept = keep_inputs(study, chosen.directory); !kept) return kept;
  auto journal = SqliteJournal::open(chosen.volume.database(), chosen.run.record.id, {});
  if (!journal) return std::move(journal).error();
  const RunManifest manifest = manifest_as_applied(study, flags);
  if (auto changed = record_change(*journal, chosen.directory, study, manifest, who); !changed)
    return changed;
  if (auto set = journal->set_notifications(study.manifest.notifications, {}); !set) return set;
  if (auto upright = bring_files_up(*journal, chosen.directory); !upright) return upright;
  auto checkpoints = journal->checkpoints();
  auto publisher = checkpoints ? Publisher::open(chosen.directory.path(), *checkpoints, {})
                               : Result<Publisher>(checkpoints.error());
  return publisher ? Result<void>() : Result<void>(publisher.error());
}

}  // namespace studyctl
