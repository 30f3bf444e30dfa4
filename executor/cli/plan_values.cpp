#include "cli/plan_values.h"

#include "base/text.h"
#include "plan/experiment.h"

namespace studyctl {

std::set<std::string> values_of(const Plan& plan, const std::string& text) {
  std::set<std::string> values;
  const auto names = names_used(text);
  const uint64_t points = names && names->empty() ? std::min<uint64_t>(plan.size(), 1) : plan.size();
  for (uint64_t index = 0; index < points; ++index) {
    const Point point = plan.at(index);
    SubstitutionScope scope;
    scope.point = &point;
    if (auto value = substitute(text, scope)) values.insert(*std::move(value));
  }
  return values;
}

std::string group_text(const Plan& plan, uint64_t index, const std::vector<std::string>& names) {
  std::vector<std::string> texts;
  for (const std::string& name : names) texts.push_back(name + "=" + plan.value(index, name).text);
  return join(texts, ",");
}

uint64_t count_groups(const Plan& plan, const std::vector<std::string>& names) {
  std::set<std::string> groups;
  for (uint64_t index = 0; index < plan.size(); ++index) groups.insert(group_text(plan, index, names));
  return groups.size();
}

}  // namespace studyctl
