#include "cli/plan_text.h"

#include <algorithm>

#include "base/text.h"
#include "cli/table.h"
#include "plan/estimate.h"
#include "plan/experiment.h"

namespace studyctl {
namespace {

std::string plural(uint64_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

const char* name_of_order(Order order) {
  switch (order) {
    case Order::Sequential: return "Sequential";
    case Order::Interleaved: return "Interleaved";
    case Order::Shuffled: return "Shuffled";
  }
  return "";
}

std::string rule_text(const ExcludeRule& rule) {
  std::vector<std::string> parts;
  for (const auto& [name, values] : rule.match) {
    std::vector<std::string> texts;
    for (const Value& value : values) texts.push_back(value.text);
    parts.push_back(name + (texts.size() == 1 ? "=" + texts.front() : " in (" + join(texts, ", ") + ")"));
  }
  return join(parts, ", ");
}

}  // namespace

std::vector<std::string> plan_summary(const LoadedStudy& study) {
  const Plan& plan = *study.plan;
  const Execution& execution = study.study().execution;
  std::vector<std::string> lines;
  std::string head = "study " + study.study().name + ": " + plural(plan.size(), "experiment");
  if (execution.cycles > 1)
    head += " × " + plural(execution.cycles, "cycle") + " = " + plural(study.repetitions(), "repetition");
  head += std::string(", ") + name_of_order(execution.order) + ", " + std::to_string(execution.parallelism) +
          " at a time";
  lines.push_back(head);
  if (study.repetitions() > execution.limit)
    lines.push_back("  more than the limit of " + std::to_string(execution.limit) +
                    " repetitions: apply wants --yes, or a higher spec.execution.limit");
  for (const Plan::Exclusion& exclusion : plan.exclusions())
    lines.push_back("  excluded: " + plural(exclusion.points, "point") + " where " +
                    rule_text(*exclusion.rule) + " (" + exclusion.rule->place + ")");
  for (const std::string& line : estimate_lines(estimate(study.study(), plan.size())))
    lines.push_back("  " + line);
  return lines;
}

std::vector<std::string> plan_table(const LoadedStudy& study, const TableOptions& options) {
  const Plan& plan = *study.plan;
  const uint64_t shown = options.limit == 0 ? plan.size() : std::min(plan.size(), options.limit);
  const Identifier identifier(study.study(), study.inputs);
  std::vector<std::vector<std::string>> rows = {{"INDEX", "EXPERIMENT"}};
  if (options.wide) rows.front().emplace_back("IDENTITY");
  rows.front().emplace_back("PARAMETERS");
  for (uint64_t index = 0; index < shown; ++index) {
    const Point point = plan.at(index);
    const ExperimentIdentity identity = identifier.of(point);
    std::vector<std::string> parameters;
    for (const auto& [name, value] : point.parameters)
      parameters.push_back(name + "=" + printable(value.text));
    rows.push_back({std::to_string(index), identity.id});
    if (options.wide) rows.back().push_back(identity.identity);
    rows.back().push_back(join(parameters, " "));
  }
  std::vector<std::string> lines = aligned(rows);
  if (shown < plan.size())
    lines.push_back("… and " + std::to_string(plan.size() - shown) + " more (--limit 0 shows all)");
  return lines;
}

}  // namespace studyctl
