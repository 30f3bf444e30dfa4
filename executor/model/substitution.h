#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace studyctl {

// A ${name} or ${name:-default} in a text. `name` has a dot: "params.model", "run.seed"; ${HOME}, ${x%.txt}
// and $${ are none.
struct Substitution {
  std::string name;
  std::optional<std::string> fallback;  // behind ":-", for a name that stands for nothing, or for ""
  size_t offset = 0;                    // of the $ in the text
  size_t size = 0;                      // of the whole, braces too
};

// Every substitution in `text`, in order. Invalid: one that is not closed.
Result<std::vector<Substitution>> substitutions_in(std::string_view text);

}  // namespace studyctl
