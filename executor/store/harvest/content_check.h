#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/study.h"
#include "store/harvest/attempt_directory.h"
#include "store/harvest/byte_source.h"

namespace studyctl {

// What looking for a check's regex came to.
struct CheckResult {
  bool found = false;
  std::string text;      // found: the first group, or the whole match, for people
  std::string problem;   // not found: "orca.out: no such file", "orca.out: no line matches '…'"
  bool readable = true;  // false: what is there could not be read to its end, so nobody knows
};

CheckResult look_for(const AttemptDirectory& directory, const ContentCheck& check, ReadBudget& budget);

// Those of `patterns` that match a line of stdout or stderr. One that is no regular expression, or a log that
// cannot be read, matches nothing.
std::vector<std::string> matching_in_logs(const AttemptDirectory& directory,
                                          const std::vector<std::string>& patterns, ReadBudget& budget);

}  // namespace studyctl
