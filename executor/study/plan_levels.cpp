#include "study/plan_levels.h"

#include <algorithm>
#include <unordered_map>

namespace studyctl {

PlanLevels PlanLevels::of(const Plan& plan) {
  PlanLevels all;
  std::vector<std::unordered_map<std::string, uint32_t>> known;
  std::unordered_map<std::string, size_t> places;
  for (uint64_t index = 0; index < plan.size(); ++index) {
    for (auto& [name, value] : plan.at(index).parameters) {
      const auto [place, is_new] = places.try_emplace(name, all.parameters.size());
      if (is_new) {
        all.parameters.push_back({name, {}, std::vector<uint32_t>(plan.size(), kAbsent)});
        known.emplace_back();
      }
      Parameter& parameter = all.parameters[place->second];
      const auto [level, comes_first] =
          known[place->second].try_emplace(value.text, static_cast<uint32_t>(parameter.levels.size()));
      if (comes_first) parameter.levels.push_back(value.text);
      parameter.at[index] = level->second;
    }
  }
  return all;
}

const PlanLevels::Parameter* PlanLevels::find(const std::string& name) const {
  const auto found = std::find_if(parameters.begin(), parameters.end(),
                                  [&](const Parameter& one) { return one.name == name; });
  return found == parameters.end() ? nullptr : &*found;
}

}  // namespace studyctl
