#include "model/measurements.h"

#include <algorithm>

namespace studyctl {

uint32_t Measurements::parameter(const std::string& name) const {
  const auto found = std::find_if(parameters.begin(), parameters.end(),
                                  [&](const Parameter& one) { return one.name == name; });
  return found == parameters.end() ? kAbsent : static_cast<uint32_t>(found - parameters.begin());
}

uint32_t Measurements::level(uint32_t point, uint32_t parameter) const {
  const std::vector<uint32_t>& levels = points[point];
  return parameter < levels.size() ? levels[parameter] : kAbsent;
}

const std::string& Measurements::text(uint32_t point, uint32_t parameter) const {
  static const std::string kNone;
  const uint32_t own = level(point, parameter);
  return own == kAbsent ? kNone : parameters[parameter].levels[own];
}

void Measurements::keep(const std::function<bool(size_t row)>& wanted) {
  size_t kept = 0;
  for (size_t row = 0; row < rows.size(); ++row) {
    if (!wanted(row)) continue;
    rows[kept] = rows[row];
    for (Series& one : series) one.values[kept] = one.values[row];
    ++kept;
  }
  rows.resize(kept);
  for (Series& one : series) one.values.resize(kept);
}

}  // namespace studyctl
