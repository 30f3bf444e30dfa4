#include "service/record_skips.h"

#include "control/experiments.h"
#include "store/sqlite_journal.h"
#include "study/applied_manifest.h"
#include "study/run_text.h"
#include "study/study_source.h"

namespace studyctl {

Result<void> record_skips(const ChosenRun& chosen, const Command& command) {
  auto study = load_run(chosen);
  if (!study) return std::move(study).error();
  Experiments experiments((*study)->design());
  auto journal = SqliteJournal::open(chosen.volume.database(), chosen.run.record.id,
                                     [&](const RepetitionKey& key) { return experiments.facts(key); });
  if (!journal) return std::move(journal).error();
  uint64_t seq = journal->last_seq();
  const Instant now = SystemClock().now();
  journal->append({++seq, now, {}, CommandAccepted{command.who, text_of(command)}});
  for (const RepetitionKey& key : command.repetitions)
    journal->append({++seq, now, {}, RepetitionSkipped{key, command.who, command.why}});
  return journal->commit();
}

bool has_something_to_do(Command::Kind kind, RunState state) {
  switch (kind) {
    case Command::Kind::Resume: return is_unfinished(state);
    case Command::Kind::Cancel: return !is_final(state);
    case Command::Kind::Retry: return true;
    default: return false;
  }
}

Error nobody_drives_it(const RunSummary& run) {
  const std::string next = next_step(run.state, run.record.study);
  return {ErrorCode::Conflict,
          run.record.study + ": " +
              (is_final(run.state) ? "the run has ended: " + std::string(name_of(run.state))
                                   : "no controller drives it") +
              (next.empty() ? "" : "; " + next)};
}

}  // namespace studyctl
