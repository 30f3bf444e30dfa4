#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"

namespace studyctl {

// What `-l`, `--select` and `--where` choose by, in kubectl's words, all of which must hold:
//   molecule=water  molecule==water  charge!=0  backend in (vllm, pytorch)  backend notin (x)  molecule
//   !molecule  batch_size>8  batch_size>=8  batch_size<8  batch_size<=8  model~*70b*  model!~*70b*
// =, != and sets compare literal text, > and its kin numbers, ~ globs. A value with a comma, a bracket, an =
// or spaces at its ends goes into quotes. !=, notin and !~ hold for what has no such parameter too.
class Selector {
 public:
  // Invalid says what was read and what was wanted there. An empty text selects everything.
  static Result<Selector> parse(std::string_view text);

  bool matches(const Point& point) const;
  const std::vector<Requirement>& requirements() const { return requirements_; }
  // The parameters that it asks about, for checks against those that there are.
  std::vector<std::string> names() const;

 private:
  class Parser;

  std::vector<Requirement> requirements_;
};

}  // namespace studyctl
