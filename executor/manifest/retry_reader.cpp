#include "manifest/retry_reader.h"

#include <array>

namespace studyctl {
namespace {

constexpr std::array<Field, 3> kRetryFields = {{{"limit"}, {"backoff"}, {"rules"}}};
constexpr std::array<Field, 3> kBackoffFields = {{{"initial"}, {"factor"}, {"max"}}};
constexpr std::string_view kMemory = "is not supported yet by this version (more memory at a retry)";
constexpr std::string_view kTime = "is not supported yet by this version (more time at a retry)";
constexpr std::array<Field, 9> kRuleFields = {{{"reasons"},
                                               {"exitCodes"},
                                               {"logPattern"},
                                               {"action"},
                                               {"counted"},
                                               {"memoryFactor", kMemory},
                                               {"memoryMax", kMemory},
                                               {"timeoutFactor", kTime},
                                               {"timeoutMax", kTime}}};
constexpr std::array<std::pair<std::string_view, RetryAction>, 4> kActions = {
    {{"Retry", RetryAction::Retry},
     {"Fail", RetryAction::Fail},
     {"FailStudy", RetryAction::FailStudy},
     {"Infeasible", RetryAction::Infeasible}}};

// The reasons that a rule can be about.
std::vector<std::string> reason_names() {
  std::vector<std::string> names;
  for (size_t i = 0; i < kReasons; ++i) {
    const auto reason = static_cast<Reason>(i);
    if (reason != Reason::Completed && reason != Reason::Cancelled) names.emplace_back(name_of(reason));
  }
  return names;
}

std::vector<Reason> read_reasons(Reading& reading, const Fields& rule) {
  std::vector<Reason> reasons;
  for (const Item& item : rule.list("reasons")) {
    const auto text = read_text(reading.problems, item);
    if (!text) continue;
    const auto reason = reason_named(*text);
    if (reason == Reason::Completed || reason == Reason::Cancelled) {
      reading.problems.add(item.node->place, item.path,
                           *text + " is no failure, so no rule is asked; remove it");
    } else if (reason) {
      reasons.push_back(*reason);
    } else {
      reading.problems.add(item.node->place, item.path, unknown_name("", *text, reason_names()));
    }
  }
  return reasons;
}

RetryRule read_rule(Reading& reading, const Item& item) {
  const Fields fields(reading.problems, item, kRuleFields);
  RetryRule rule;
  rule.reasons = read_reasons(reading, fields);
  for (const Item& code : fields.list("exitCodes")) {
    if (const auto value = read_integer(reading.problems, code, 0, 255))
      rule.exit_codes.push_back(static_cast<int>(*value));
  }
  const auto pattern = fields.find("logPattern");
  if (pattern) rule.log_pattern = read_regex(reading, *pattern, Groups::None).value_or("");
  fields.require("action", "say what is done: Retry, Fail, FailStudy or Infeasible");
  rule.action = fields.choice<RetryAction>("action", kActions).value_or(RetryAction::Fail);
  rule.counted = fields.boolean("counted").value_or(true);
  if (fields.find("counted") && rule.action != RetryAction::Retry && fields.find("action")) {
    fields.problem("counted", "is for action: Retry alone; remove it");
  }
  const auto is_given = [&](std::string_view name) {
    const auto list = fields.find(name);
    return list && !(list->node->kind == Node::Kind::Sequence && list->node->items.empty());
  };
  if (fields.is_map() && !pattern && !is_given("reasons") && !is_given("exitCodes")) {
    reading.problems.add(item.node->place, item.path,
                         "matches every failure; give it reasons, exitCodes or logPattern");
  }
  return rule;
}

Backoff read_backoff(Reading& reading, const Item& item) {
  const Fields fields(reading.problems, item, kBackoffFields);
  Backoff backoff;
  if (const auto initial = fields.duration("initial")) backoff.initial = *initial;
  if (const auto factor = fields.number("factor", 1, 1000)) backoff.factor = *factor;
  if (const auto max = fields.duration("max")) {
    backoff.max = *max;
    if (backoff.max < backoff.initial) fields.problem("max", "is less than initial; raise it");
  } else {
    backoff.max = std::max(backoff.max, backoff.initial);
  }
  return backoff;
}

}  // namespace

RetryPolicy read_retry(Reading& reading, const Item& item) {
  const Fields fields(reading.problems, item, kRetryFields);
  RetryPolicy policy;
  constexpr int64_t kMostRetries = 1000;
  policy.limit = static_cast<int>(fields.integer("limit", 0, kMostRetries).value_or(0));
  if (const auto backoff = fields.find("backoff")) policy.backoff = read_backoff(reading, *backoff);
  for (const Item& rule : fields.list("rules")) policy.rules.push_back(read_rule(reading, rule));
  return policy;
}

}  // namespace studyctl
