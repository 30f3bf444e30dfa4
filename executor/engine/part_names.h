#pragma once

#include <cstddef>
#include <string>

#include "base/ids.h"

namespace studyctl {

// What an init container of an attempt is named where each container has a name: "x-i0" of attempt "x".
inline std::string name_of_init(const AttemptId& attempt, size_t index) {
  return attempt.text + "-i" + std::to_string(index);
}

// Whose container that is: "x" of "x-i0", and of "x" itself.
inline std::string attempt_of(const std::string& container) {
  const size_t dash = container.rfind("-i");
  if (dash == std::string::npos || dash + 2 == container.size()) return container;
  return container.find_first_not_of("0123456789", dash + 2) == std::string::npos ? container.substr(0, dash)
                                                                                  : container;
}

}  // namespace studyctl
