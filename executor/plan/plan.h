#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/study.h"
#include "plan/grid.h"
#include "plan/row_finder.h"

namespace studyctl {

// The parameters of one experiment, in written order.
struct Point {
  std::vector<std::pair<std::string, Value>> parameters;
  uint64_t source_row = 0;  // of spec.experimentsFrom, from 1; 0: it comes from elsewhere

  const Value* find(std::string_view name) const;
};

// The experiments of a study: the sweep, crossed with the rows of a CSV file, without what is excluded, then
// the explicit ones that are not in it already. A scoped axis is only at points of its scope. As in a GitHub
// matrix, exclude rules take points from the sweep only: an explicit experiment that matches one stays, with
// a warning. Two points are the same when their parameters have the same names, kinds and literal texts.
// Computed by index, never stored: ten million points cost no memory worth naming. The Study must be one that
// manifest/ has read, within its bounds, and must outlive the Plan.
class Plan {
 public:
  // Counts once through the raw sweep. Invalid: an empty plan.
  static Result<Plan> make(const Study& study);

  uint64_t size() const { return kept_in_sweep() + explicit_.size(); }
  // `index` < size().
  Point at(uint64_t index) const;
  // The value of parameter `name` at `index` without making the rest; for groups and selections. Null when
  // the point has no such parameter.
  Value value(uint64_t index, std::string_view name) const;

  struct Exclusion {
    const ExcludeRule* rule;
    uint64_t points;  // that this rule is the first to match
  };
  const std::vector<Exclusion>& exclusions() const { return exclusions_; }
  // Points of the sweep before anything is excluded; 0 without a sweep.
  uint64_t raw_size() const { return axes_.empty() ? 0 : sweep_->raw_size(); }
  // Its axes in the order in which they vary, the slowest first: as written, but a scoped one behind the axis
  // that it depends on.
  const std::vector<const Axis*>& axes() const { return axes_; }
  // Folded duplicates, each naming both places; rules that match nothing; explicit experiments that match a
  // rule. The first hundred.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  explicit Plan(const Study& study);

  std::vector<Grid::Level> levels(std::vector<RowFinder>& finders,
                                  const std::vector<const ExcludeRule*>& rules);
  void exclude(std::vector<RowFinder>& finders);
  void warn(std::string warning);
  void add_explicit(std::vector<RowFinder>& finders);
  std::optional<uint64_t> index_of(const ExplicitPoint& point, std::vector<RowFinder>& finders) const;
  uint64_t kept_in_sweep() const { return sweep_ ? sweep_->size() : 0; }

  const Study* study_;
  std::vector<const Axis*> axes_;
  std::optional<Grid> sweep_;     // of the one point without parameters when there is nothing else
  std::vector<size_t> explicit_;  // places in study_->experiments that are not duplicates
  std::vector<Exclusion> exclusions_;
  std::vector<std::string> warnings_;
};

}  // namespace studyctl
