#include "plan/plan_values.h"

#include "base/text.h"
#include "plan/experiment.h"

namespace studyctl {

std::set<std::string> values_of(const Plan& plan, const std::string& text) {
  std::set<std::string> values;
  const auto names = names_used(text);
  // Of a text without parameters one point tells all.
  const uint64_t points = names && names->empty() ? 1 : plan.size();
  for (uint64_t index = 0; index < points; ++index) {
    Point point;
    for (const std::string& name : names ? *names : std::vector<std::string>{}) {
      if (!name.starts_with("params.")) continue;
      Value value = plan.value(index, name.substr(7));
      const bool is_there = value.kind != Value::Kind::Null || !value.text.empty();
      if (is_there) point.parameters.emplace_back(name.substr(7), std::move(value));
    }
    SubstitutionScope scope;
    scope.point = &point;
    if (auto value = substitute(text, scope)) values.insert(*std::move(value));
  }
  return values;
}

std::map<std::string, const StudyFile*> input_paths(const Study& study, const Plan& plan) {
  std::map<std::string, const StudyFile*> paths;
  for (const StudyFile& file : study.files) {
    if (file.from_file.empty()) continue;
    for (const std::string& path : values_of(plan, file.from_file)) paths.emplace(path, &file);
  }
  return paths;
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
