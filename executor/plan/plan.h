#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/study.h"

namespace studyctl {

// The parameters of one experiment, in written order.
struct Point {
  std::vector<std::pair<std::string, Value>> parameters;

  const Value* find(std::string_view name) const;
};

// The experiments of a study: the sweep without what is excluded, then the explicit ones that are not in it
// already. Computed by index, never stored: ten million points cost no memory worth naming. The Study must
// outlive it.
class Plan {
 public:
  // Counts once through the raw sweep. Invalid: an empty plan, over 10^8 points.
  static Result<Plan> make(const Study& study);

  uint64_t size() const { return kept_in_sweep_ + explicit_.size(); }
  // `index` < size().
  Point at(uint64_t index) const;
  // The value of parameter `name` at `index` without making the rest; for groups and selections.
  Value value(uint64_t index, std::string_view name) const;

  struct Exclusion {
    const ExcludeRule* rule;
    uint64_t points;  // that this rule is the first to match
  };
  const std::vector<Exclusion>& exclusions() const { return exclusions_; }
  uint64_t raw_size() const { return raw_size_; }
  // Folded duplicates, each naming both places; and rules that match nothing.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  explicit Plan(const Study& study) : study_(&study) {}

  const Study* study_;
  uint64_t raw_size_ = 0;
  uint64_t kept_in_sweep_ = 0;
  std::vector<size_t> explicit_;  // places in study_->experiments that are not duplicates
  std::vector<Exclusion> exclusions_;
  std::vector<std::string> warnings_;
};

}  // namespace studyctl
