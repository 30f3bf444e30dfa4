#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "plan/duration_model.h"
#include "plan/plan.h"

namespace studyctl {

// How long repetitions last, learned by their parameters from those that are done: what `plan` asks before a
// run, and a run for its ETA. Each parameter is a factor of the model, and so is the experiment as a whole.
class Forecaster {
 public:
  explicit Forecaster(const Study& study);

  // One that is done, of this study or an earlier form of it: parameters that it lacks count as one level.
  void add(const Point& point, Duration duration);
  size_t size() const { return model_.size(); }

  struct Ahead {
    Point point;
    Duration elapsed{0};           // it runs already, for this long
    std::optional<Duration> left;  // it tells that it needs so much more
  };
  // As DurationModel::forecast().
  std::optional<Forecast> forecast(uint64_t count, const std::function<Ahead(uint64_t)>& at, uint32_t places);

 private:
  DurationModel::Levels levels_of(const Point& point);

  std::vector<std::string> names_;
  std::vector<std::unordered_map<std::string, uint32_t>> levels_;  // by parameter; of whole points at the end
  DurationModel model_;
};

}  // namespace studyctl
