#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace studyctl {

// How much of a study's history stays: what any of the rules that are given does not let stay may go.
struct Retention {
  std::optional<int64_t> runs;   // the newest so many
  std::optional<Duration> age;   // since they ended
  std::optional<int64_t> bytes;  // on disk, of all runs of the study

  bool has_rules() const { return runs || age || bytes; }
};

}  // namespace studyctl
