#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "base/result.h"
#include "service/preflight.h"
#include "store/sqlite_journal.h"
#include "study/apply_request.h"
#include "study/study_source.h"

namespace studyctl {

struct ReuseRequest {
  const LoadedStudy& study;
  std::filesystem::path results;                   // the volume's root
  std::map<std::string, std::string> environment;  // of this machine, with its engine
  std::string engine;                              // "docker", "podman"
  const ImageDigests& images;
  Reuse reuse = Reuse::SameHost;
  bool accept_image_change = false;
};

struct ReuseReport {
  uint64_t cached = 0;
  uint64_t other_host = 0;   // done, but on another machine
  uint64_t other_image = 0;  // done, but by another image of the same name
};

// Records as Cached what the run has not begun and another run of the study, the newest that has, did with
// the same seed. For before a controller folds the journal. It looks once for every plan of the run, unless
// it is asked to take more than it does by itself.
Result<ReuseReport> reuse_done(SqliteJournal& journal, const ReuseRequest& request);

// What was reused and what was not, for people; empty when there was nothing.
std::string reuse_text(const ReuseReport& report);

}  // namespace studyctl
