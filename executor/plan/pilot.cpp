#include "plan/pilot.h"

#include <set>

#include "plan/plan_values.h"

namespace studyctl {

std::vector<RepetitionKey> pilot_of(const Pilot& pilot, const Plan& plan, const RunOrder& order) {
  std::vector<RepetitionKey> chosen;
  // In the plan's order, so that it does not depend on the order of starts.
  std::set<std::string> wanted;
  for (uint64_t index = 0; pilot.first > 0 && index < plan.size() && wanted.size() < pilot.first; ++index)
    wanted.insert(plan.value(index, pilot.of).text);
  std::set<std::string> seen;
  for (uint64_t position = 0; position < order.size(); ++position) {
    const RepetitionKey key = order.at(position);
    if (pilot.count > 0 && chosen.size() == pilot.count) break;
    if (pilot.count == 0 && key.cycle > 1) continue;
    if (pilot.first > 0 && !wanted.contains(plan.value(key.index, pilot.of).text)) continue;
    if (!pilot.one_per.empty() && !seen.insert(group_text(plan, key.index, pilot.one_per)).second) continue;
    chosen.push_back(key);
  }
  return chosen;
}

}  // namespace studyctl
