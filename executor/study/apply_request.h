#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "study/selection.h"
#include "study/study_source.h"

namespace studyctl {

// What a run takes from earlier runs of its study.
enum class Reuse : uint8_t {
  SameHost,  // what ran on the same CPU and GPU models by the same kind of engine
  Any,       // wherever it ran
  Nothing,
};

// What is asked of a service by an apply.
struct ApplyRequest {
  std::unique_ptr<LoadedStudy> study;
  std::vector<std::string> flags;  // that won over the manifest
  std::string who, asked = "apply";
  Reuse reuse = Reuse::SameHost;
  bool fresh = false;
  bool is_large_meant = false;  // --yes
  bool accept_image_change = false;
  bool no_pilot_pause = false;
  bool is_local = false;  // asked by who may do all that the service may
};

// What is asked of a service for a run: another one of the same study, measured anew.
struct AgainRequest {
  std::optional<uint32_t> cycles, parallelism;  // instead of the manifest's
  Selection selection;                          // by parameters or an experiment's id; empty: all
  std::string who;
};

struct Applied {
  enum class Kind : uint8_t { Created, GoesOn, Configured, Unchanged };
  Kind kind = Kind::Created;
  std::string study, run;  // the run's id
  std::string message;     // for people
  // Of what a service answered: what was planned, for people.
  std::vector<std::string> lines{};
};
constexpr std::string_view name_of(Applied::Kind kind) {
  constexpr std::string_view kNames[] = {"created", "resumed", "configured", "unchanged"};
  return kNames[static_cast<size_t>(kind)];
}

}  // namespace studyctl
