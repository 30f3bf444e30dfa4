#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/ids.h"

namespace studyctl {

// One execution of a study, as its row in studies.db begins.
struct RunRecord {
  std::string id;         // a UUID; on container labels, its first 8 digits in container names
  std::string study;      // metadata.name
  std::string directory;  // below the volume: "nmr/2026-11-22_14-30-05"
  std::string design_hash;
  std::string manifest;  // study_manifest.json, whole
  Instant created_at;
  std::string engine;    // "docker", "podman"; empty until the first start
  std::string endpoint;  // "unix:///var/run/docker.sock"
};

// What is written of an experiment beside the facts of its attempts.
struct ExperimentFacts {
  std::string experiment;  // the id that people see; ends in 16 hex digits of the identity
  std::string identity;    // 64 hex digits
  std::string parameters;  // canonical JSON object
  double cores = 0;        // cpu limit of one attempt; 0: none
};

// Asked once per experiment, when its first repetition starts (and once more after a restart). Must answer
// for every key that an event names.
using DescribeExperiment = std::function<ExperimentFacts(const RepetitionKey&)>;

// Up to where an append-only file is known to hold what events up to `seq` say.
struct Checkpoint {
  uint64_t seq = 0;
  uint64_t length = 0;
  auto operator<=>(const Checkpoint&) const = default;
};

}  // namespace studyctl
