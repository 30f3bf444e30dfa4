#include "plan/pilot.h"

#include <optional>
#include <set>

#include "base/text.h"
#include "plan/filter.h"
#include "plan/plan_values.h"

namespace studyctl {

namespace {

bool is_by_selector(const Pilot& pilot) {
  return pilot.first == 0 && !pilot.of.empty();
}

}  // namespace

Result<void> check_pilot(const Pilot& pilot, const Plan& plan) {
  if (!is_by_selector(pilot)) return {};
  const std::string path = "spec.execution.pilot.of";
  const auto selector = Selector::parse(pilot.of);
  if (!selector) return Error(selector.error()).within(path);
  for (uint64_t index = 0; index < plan.size(); ++index)
    if (selector->matches(plan.at(index))) return {};
  return Error{ErrorCode::Invalid, path + ": no experiment matches " + printable(pilot.of)};
}

std::vector<RepetitionKey> pilot_of(const Pilot& pilot, const Plan& plan, const RunOrder& order) {
  std::vector<RepetitionKey> chosen;
  // In the plan's order, so that it does not depend on the order of starts.
  std::set<std::string> wanted;
  for (uint64_t index = 0; pilot.first > 0 && index < plan.size() && wanted.size() < pilot.first; ++index)
    wanted.insert(plan.value(index, pilot.of).text);
  std::optional<Selector> selector;
  if (is_by_selector(pilot))
    if (auto parsed = Selector::parse(pilot.of)) selector = *std::move(parsed);
  std::set<std::string> seen;
  for (uint64_t position = 0; position < order.size(); ++position) {
    const RepetitionKey key = order.at(position);
    if (pilot.count > 0 && chosen.size() == pilot.count) break;
    if (pilot.count == 0 && key.cycle > 1) continue;
    if (pilot.first > 0 && !wanted.contains(plan.value(key.index, pilot.of).text)) continue;
    if (selector && !selector->matches(plan.at(key.index))) continue;
    if (!pilot.one_per.empty() && !seen.insert(group_text(plan, key.index, pilot.one_per)).second) continue;
    chosen.push_back(key);
  }
  return chosen;
}

}  // namespace studyctl
