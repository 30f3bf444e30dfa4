#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "plan/comparison.h"
#include "store/sqlite_journal.h"

namespace studyctl {

// A manifest that a run goes on with instead of the one it has.
struct ChangedManifest {
  IdentifiedPlan plan;
  uint32_t cycles = 1;
  std::string manifest;  // study_manifest.json
  std::string design_hash;
  std::string who;
  Instant now;
};

// Records, in one transaction, that a run is of another manifest from here on: a new generation with all that
// is carried into it where its experiments are others or stand elsewhere, other cycles where only those
// differ. For whoever holds the volume's lock while no controller folds the journal; the next one folds what
// this recorded.
Result<void> take_up(SqliteJournal& journal, const ChangedManifest& change);

}  // namespace studyctl
