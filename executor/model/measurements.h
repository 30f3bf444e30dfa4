#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/study.h"

namespace studyctl {

// What the succeeded repetitions of a run measured, by columns: a million of them take a few dozen megabytes.
struct Measurements {
  struct Parameter {
    std::string name;
    std::vector<std::string> levels;  // its values as people read them, in the order in which they first came
  };
  // A metric of the study.
  struct Series {
    std::string name;
    std::string unit;
    Metric::Goal goal = Metric::Goal::None;
    std::vector<double> values;  // by row; NaN where there is none
  };
  struct Row {
    uint32_t point;  // in `points`
    uint32_t cycle;
    Instant ended_at;
  };
  static constexpr uint32_t kAbsent = UINT32_MAX;

  // The place of `name` among the parameters; kAbsent where it is none.
  uint32_t parameter(const std::string& name) const;
  // The level of a point in a parameter; kAbsent where the point does not have it.
  uint32_t level(uint32_t point, uint32_t parameter) const;
  // What people read of it; empty where the point does not have it.
  const std::string& text(uint32_t point, uint32_t parameter) const;

  // Leaves the rows out for which `wanted` does not hold.
  void keep(const std::function<bool(size_t row)>& wanted);

  std::vector<Parameter> parameters;
  std::vector<std::vector<uint32_t>> points;  // of an experiment: a level for each parameter
  std::vector<std::string> names;             // of the experiments, by point
  std::vector<Row> rows;
  std::vector<Series> series;
};

}  // namespace studyctl
