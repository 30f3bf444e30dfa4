#include "service/record_change.h"

#include "base/fd.h"
#include "base/log.h"
#include "control/take_up.h"
#include "service/extract_results.h"
#include "study/applied_manifest.h"
#include "study/changes.h"

namespace studyctl {

std::filesystem::path earlier_manifest(const RunDirectory& directory, uint32_t generation) {
  return directory.path() / ("study_manifest." + std::to_string(generation) + ".json");
}

Result<void> bring_files_up(SqliteJournal& journal, const RunDirectory& directory) {
  const std::filesystem::path file = directory.path() / "study_manifest.json";
  const auto there = read_file(file);
  if (!there || *there != journal.run().manifest)
    if (auto written = write_file_atomically(file, journal.run().manifest); !written) return written;
  auto checkpoints = journal.checkpoints();
  if (!checkpoints) return std::move(checkpoints).error();
  if (checkpoints->contains("results.jsonl") || journal.last_seq() == 0) return {};
  return journal.remake_results(directory.path() / "results.jsonl");
}

Result<void> record_change(SqliteJournal& journal, const RunDirectory& directory, const LoadedStudy& study,
                           RunManifest manifest, const std::string& who) {
  auto recorded = run_manifest_from_json(journal.run().manifest);
  if (!recorded) return std::move(recorded).error();
  auto before = load_applied(recorded->manifest, recorded->inputs, directory.path());
  if (!before) return std::move(before).error();
  // What still runs is of the manifest that it was started by.
  if (journal.generation() > 0)
    if (auto kept =
            write_file_atomically(earlier_manifest(directory, journal.generation()), journal.run().manifest);
        !kept)
      return kept;
  manifest.run_id = recorded->run_id;
  manifest.created_at = recorded->created_at;
  manifest.environment = recorded->environment;
  manifest.changes = recorded->changes;
  if (reuses_nothing(*recorded)) manifest.flags.emplace_back(kFreshFlag);
  const Identifier identifier(study.study(), study.inputs);
  auto taken = take_up(journal, {{*study.plan, identifier},
                                 study.study().execution.cycles,
                                 to_json(manifest),
                                 manifest.design_hash,
                                 who,
                                 SystemClock().now()});
  if (!taken || same_metric_rules((*before)->study(), study.study())) return taken;
  auto report = extract_again(journal, directory, study.study().results.metrics);
  if (!report) return std::move(report).error();
  for (const std::string& warning : report->warnings) log::warning(warning);
  return {};
}

}  // namespace studyctl
