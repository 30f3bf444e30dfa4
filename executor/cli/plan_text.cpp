#include "cli/plan_text.h"

#include <algorithm>

#include "base/text.h"
#include "plan/estimate.h"

namespace studyctl {
namespace {

std::string plural(uint64_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string rule_text(const ExcludeRule& rule) {
  std::vector<std::string> parts;
  for (const Requirement& requirement : rule.match) parts.push_back(text_of(requirement));
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
  head += ", " + std::string(name_of(execution.order)) + ", " + std::to_string(execution.parallelism) +
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

}  // namespace studyctl
