#include "plan/plan.h"

#include <algorithm>
#include <cassert>
#include <unordered_map>

#include "base/text.h"

namespace studyctl {
namespace {

constexpr size_t kMostWarnings = 100;

// The same for points with the same parameters, whatever the order they are written in.
std::string key_of(const ExplicitPoint& point) {
  std::vector<const std::pair<std::string, Value>*> sorted;
  for (const auto& parameter : point.parameters) sorted.push_back(&parameter);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  std::string key;
  for (const auto* parameter : sorted) {
    append_key(key, {Value::Kind::String, parameter->first});
    append_key(key, parameter->second);
  }
  return key;
}

const Value* find_in(const std::vector<std::pair<std::string, Value>>& parameters, std::string_view name) {
  for (const auto& [key, value] : parameters) {
    if (key == name) return &value;
  }
  return nullptr;
}

bool matches(const ExcludeRule& rule, const ExplicitPoint& point) {
  return all_hold(rule.match, [&](const std::string& name) { return find_in(point.parameters, name); });
}

// The rows that satisfy every key of a rule, of each axis that it names; or why there is no such point.
struct MatchingRows {
  std::vector<std::optional<std::vector<uint64_t>>> by_axis;
  std::optional<std::string> why_none;
};

std::vector<uint64_t> in_both(const std::vector<uint64_t>& a, const std::vector<uint64_t>& b) {
  std::vector<uint64_t> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return both;
}

MatchingRows matching_rows(const ExcludeRule& rule, std::vector<RowFinder>& finders) {
  MatchingRows matching;
  matching.by_axis.resize(finders.size());
  for (const Requirement& requirement : rule.match) {
    const std::string& name = requirement.name;
    size_t axis = 0;
    while (axis < finders.size() && !finders[axis].place_of(name)) ++axis;
    if (axis == finders.size()) {
      matching.why_none = "the sweep has no parameter '" + printable(name) + "'";
      return matching;
    }
    std::optional<std::vector<uint64_t>>& rows = matching.by_axis[axis];
    const std::vector<uint64_t> found = finders[axis].rows_with(requirement);
    rows = rows ? in_both(*rows, found) : found;
    if (rows->empty()) matching.why_none = "the sweep has no such value of '" + printable(name) + "'";
  }
  return matching;
}

}  // namespace

const Value* Point::find(std::string_view name) const {
  return find_in(parameters, name);
}

Result<Plan> Plan::make(const Study& study) {
  Plan plan(study);
  std::vector<RowFinder> finders(study.sweep.begin(), study.sweep.end());
  if (!study.sweep.empty() || study.experiments.empty()) plan.exclude(finders);
  plan.add_explicit(finders);
  if (plan.size() > 0) return plan;
  return Error{ErrorCode::Invalid, study.exclude.front().place + ": spec.exclude: the plan is empty: all " +
                                       std::to_string(plan.raw_size()) +
                                       " points of the sweep are excluded; loosen a rule"};
}

void Plan::exclude(std::vector<RowFinder>& finders) {
  const std::vector<ExcludeRule>& rules = study_->exclude;
  std::vector<RowClasses> classes;
  for (const Axis& axis : study_->sweep) classes.emplace_back(axis.size(), rules.size());
  for (size_t rule = 0; rule < rules.size(); ++rule) {
    const MatchingRows rows = matching_rows(rules[rule], finders);
    if (rows.why_none) warn(rules[rule].place + ": this exclude rule matches nothing: " + *rows.why_none);
    for (size_t axis = 0; axis < classes.size(); ++axis) {
      if (rows.why_none) {
        classes[axis].restrict(rule, {});
      } else if (rows.by_axis[axis]) {
        classes[axis].restrict(rule, *rows.by_axis[axis]);
      }
    }
  }
  sweep_.emplace(classes, classes.empty() ? 0 : rules.size());
  for (size_t rule = 0; rule < rules.size(); ++rule) {
    exclusions_.push_back({&rules[rule], classes.empty() ? 0 : sweep_->first_excluded()[rule]});
  }
}

void Plan::add_explicit(std::vector<RowFinder>& finders) {
  std::unordered_map<std::string, size_t> seen;
  for (size_t place = 0; place < study_->experiments.size(); ++place) {
    const ExplicitPoint& point = study_->experiments[place];
    const auto [first, is_new] = seen.emplace(key_of(point), place);
    if (!is_new) {
      warn(point.place + ": this experiment repeats the one at " + study_->experiments[first->second].place +
           " and is left out");
      continue;
    }
    const std::optional<uint64_t> raw = raw_of(point, finders);
    if (raw && sweep_->keeps(*raw)) {
      warn(point.place + ": this experiment is in the sweep already, as number " + std::to_string(*raw + 1) +
           " before exclusions, and is left out");
      continue;
    }
    explicit_.push_back(place);
    for (const ExcludeRule& rule : study_->exclude) {
      if (!matches(rule, point)) continue;
      warn(point.place + ": this experiment matches the exclude rule at " + rule.place +
           " and stays: exclude takes points from the sweep only");
      break;
    }
  }
}

void Plan::warn(std::string warning) {
  if (warnings_.size() < kMostWarnings) warnings_.push_back(std::move(warning));
}

// Where the sweep has this point; nothing when it has not.
std::optional<uint64_t> Plan::raw_of(const ExplicitPoint& point, std::vector<RowFinder>& finders) const {
  if (finders.empty()) return std::nullopt;
  uint64_t raw = 0;
  size_t names = 0;
  for (RowFinder& finder : finders) {
    std::vector<Value> values;
    for (const std::string& name : finder.axis().names) {
      const Value* value = find_in(point.parameters, name);
      if (value == nullptr) return std::nullopt;
      values.push_back(*value);
    }
    names += values.size();
    const std::optional<uint64_t> row = finder.row_of(values);
    if (!row) return std::nullopt;
    raw = raw * finder.axis().size() + *row;
  }
  if (names != point.parameters.size()) return std::nullopt;
  return raw;
}

Point Plan::at(uint64_t index) const {
  assert(index < size());
  if (index >= kept_in_sweep()) return {study_->experiments[explicit_[index - kept_in_sweep()]].parameters};
  const std::vector<Axis>& axes = study_->sweep;
  uint64_t raw = sweep_->raw(index);
  std::vector<uint64_t> rows(axes.size());
  for (size_t axis = axes.size(); axis-- > 0; raw /= axes[axis].size()) rows[axis] = raw % axes[axis].size();
  Point point;
  for (size_t axis = 0; axis < axes.size(); ++axis) {
    std::vector<Value> values = axes[axis].at(rows[axis]);
    for (size_t name = 0; name < values.size(); ++name) {
      point.parameters.emplace_back(axes[axis].names[name], std::move(values[name]));
    }
  }
  return point;
}

Value Plan::value(uint64_t index, std::string_view name) const {
  assert(index < size());
  Value none{Value::Kind::Null, ""};
  if (index >= kept_in_sweep()) {
    const Value* value = find_in(study_->experiments[explicit_[index - kept_in_sweep()]].parameters, name);
    return value == nullptr ? none : *value;
  }
  uint64_t raw = sweep_->raw(index);
  for (auto axis = study_->sweep.rbegin(); axis != study_->sweep.rend(); raw /= axis->size(), ++axis) {
    const auto found = std::find(axis->names.begin(), axis->names.end(), name);
    if (found != axis->names.end())
      return axis->at(raw % axis->size())[static_cast<size_t>(found - axis->names.begin())];
  }
  return none;
}

}  // namespace studyctl
