#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"

namespace studyctl {

// What `-l` selects experiments by, in kubectl's words, all of which must hold:
//   molecule=water  molecule==water  charge!=0  backend in (vllm, pytorch)  backend notin (x)  molecule
//   !molecule
// Values compare by literal text; one with a comma, a bracket, an = or spaces at its ends goes into double
// quotes.
// != and notin hold for an experiment without the parameter too.
class Selector {
 public:
  // Invalid says what was read and what was wanted there. An empty text selects everything.
  static Result<Selector> parse(std::string_view text);

  bool matches(const Point& point) const;
  // The parameters that it asks about, for checks against those that there are.
  std::vector<std::string> names() const;

 private:
  struct Requirement {
    std::string name;
    enum class Kind { In, NotIn, Exists, Absent } kind = Kind::In;
    std::vector<std::string> values;

    bool holds(const Value* value) const;
  };
  class Parser;

  std::vector<Requirement> requirements_;
};

}  // namespace studyctl
