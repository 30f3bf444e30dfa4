#include "plan/forecaster.h"

#include <algorithm>

namespace studyctl {
namespace {

std::vector<std::string> parameters_of(const Study& study) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const Axis& axis : study.sweep) std::for_each(axis.names.begin(), axis.names.end(), add);
  // All explicit points have the same ones, or nearly.
  if (!study.experiments.empty())
    for (const auto& [name, value] : study.experiments.front().parameters) add(name);
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
