#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "store/run_directory.h"
#include "store/run_manifest.h"
#include "store/sqlite_journal.h"
#include "study/study_source.h"

namespace studyctl {

// Records that a run is of `study` from here on, which is `manifest` as applied: its plan, its execution, and
// what its kept files say by other metric rules. Nothing runs by it. For whoever holds the volume's lock
// while no controller folds the journal.
Result<void> record_change(SqliteJournal& journal, const RunDirectory& directory, const LoadedStudy& study,
                           RunManifest manifest, const std::string& who);

// Makes those files of a run that a change, or a crash after it, left behind what is on record:
// study_manifest.json and the results.
Result<void> bring_files_up(SqliteJournal& journal, const RunDirectory& directory);

// Where the manifest of a generation before the one that is on is kept.
std::filesystem::path earlier_manifest(const RunDirectory& directory, uint32_t generation);

}  // namespace studyctl
