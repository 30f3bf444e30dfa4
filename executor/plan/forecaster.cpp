#include "plan/forecaster.h"

#include <algorithm>
#include <unordered_set>

namespace studyctl {
namespace {

// Where a value has a few rows each it can be learned what it costs. Where nearly every row has its own, that
// is the experiment as a whole, which is a factor already.
bool has_levels(const Axis& rows, size_t column) {
  constexpr uint64_t kMostLevels = 1000, kRowsOfOne = 2;
  std::unordered_set<std::string> levels;
  for (uint64_t row = 0; row < rows.size() && levels.size() <= kMostLevels; ++row)
    levels.insert(rows.value(row, column).text);
  return levels.size() <= std::min(kMostLevels, rows.size() / kRowsOfOne);
}

std::vector<std::string> parameters_of(const Study& study) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const Axis& axis : study.sweep) std::for_each(axis.names.begin(), axis.names.end(), add);
  // All explicit points have the same ones, or nearly.
  if (!study.experiments.empty())
    for (const auto& [name, value] : study.experiments.front().parameters) add(name);
  if (!study.experiments_from) return names;
  const Axis& rows = study.experiments_from->rows;
  for (size_t column = 0; column < rows.names.size(); ++column)
    if (has_levels(rows, column)) add(rows.names[column]);
  return names;
}

}  // namespace

Forecaster::Forecaster(const Study& study)
    : names_(parameters_of(study)), levels_(names_.size() + 1), model_(names_.size() + 1) {}

void Forecaster::add(const Point& point, Duration duration) {
  model_.add(levels_of(point), duration);
}

std::optional<Forecast> Forecaster::forecast(uint64_t count, const std::function<Ahead(uint64_t)>& at,
                                             uint32_t places) {
  const auto ahead = [&](uint64_t place) {
    const Ahead one = at(place);
    return DurationModel::Repetition{levels_of(one.point), one.elapsed, one.left};
  };
  return model_.forecast(count, ahead, places);
}

DurationModel::Levels Forecaster::levels_of(const Point& point) {
  DurationModel::Levels levels;
  std::string whole;
  const auto add = [&](const std::string& text) {
    auto& known = levels_[levels.size()];
    levels.push_back(known.try_emplace(text, static_cast<uint32_t>(known.size())).first->second);
  };
  for (const std::string& name : names_) {
    const Value* value = point.find(name);
    add(value == nullptr ? std::string() : value->text);
    whole += std::to_string(levels.back()) + " ";
  }
  add(whole);
  return levels;
}

}  // namespace studyctl
