#include "plan/plan.h"

#include <algorithm>
#include <cassert>
#include <unordered_map>

#include "base/text.h"

namespace studyctl {
namespace {

constexpr size_t kMostWarnings = 100;
constexpr uint64_t kMostPoints = 100'000'000;

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

// The rows that meet every key of a rule, of each axis that it names; or why there is no such point.
struct MatchingRows {
  std::vector<std::optional<std::vector<RowInterval>>> by_axis;
  std::string why_none;
};

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
    std::optional<std::vector<RowInterval>>& rows = matching.by_axis[axis];
    const std::vector<RowInterval> found = finders[axis].rows_with(requirement);
    rows = rows ? in_both(*rows, found) : found;
    if (rows->empty()) matching.why_none = "the sweep has no such value of '" + printable(name) + "'";
  }
  return matching;
}

bool has_name(const Axis& axis, std::string_view name) {
  return std::find(axis.names.begin(), axis.names.end(), name) != axis.names.end();
}

// As written, but each scoped axis behind the one that has its scope.
std::vector<const Axis*> in_order(const Study& study) {
  std::vector<const Axis*> waiting, axes;
  for (const Axis& axis : study.sweep) waiting.push_back(&axis);
  if (study.experiments_from) waiting.push_back(&study.experiments_from->rows);
  const auto is_ready = [&](const Axis* axis) {
    return !axis->scope || std::any_of(axes.begin(), axes.end(), [&](const Axis* other) {
      return has_name(*other, axis->scope->parameter);
    });
  };
  while (!waiting.empty()) {
    const auto next = std::find_if(waiting.begin(), waiting.end(), is_ready);
    assert(next != waiting.end());
    axes.push_back(*next);
    waiting.erase(next);
  }
  return axes;
}

}  // namespace

const Value* Point::find(std::string_view name) const {
  return find_in(parameters, name);
}

Plan::Plan(const Study& study) : study_(&study), axes_(in_order(study)) {}

Result<Plan> Plan::make(const Study& study) {
  Plan plan(study);
  std::vector<RowFinder> finders;
  for (const Axis* axis : plan.axes_) finders.emplace_back(*axis);
  if (!plan.axes_.empty() || study.experiments.empty()) plan.exclude(finders);
  if (plan.sweep_ && plan.sweep_->size() == Grid::kTooMany) {
    return Error{ErrorCode::Invalid,
                 "spec.exclude: its rules, together with the scopes of axes, tell apart too "
                 "many combinations; use fewer rules, or fewer keys in each"};
  }
  if (plan.sweep_ && plan.sweep_->raw_size() > kMostPoints) {
    return Error{ErrorCode::Invalid, "spec.sweep: makes more than 100,000,000 points; make axes shorter"};
  }
  plan.add_explicit(finders);
  if (plan.size() > 0) return plan;
  return Error{ErrorCode::Invalid, study.exclude.front().place + ": spec.exclude: the plan is empty: all " +
                                       std::to_string(plan.raw_size()) +
                                       " points of the sweep are excluded; loosen a rule"};
}

std::vector<Grid::Level> Plan::levels(std::vector<RowFinder>& finders,
                                      const std::vector<const ExcludeRule*>& rules) {
  size_t scopes = 0;
  for (const Axis* axis : axes_) scopes += axis->scope ? 1 : 0;
  std::vector<Grid::Level> levels;
  for (const Axis* axis : axes_)
    levels.push_back({RowClasses(axis->size(), rules.size() + scopes), std::nullopt});
  for (size_t rule = 0; rule < rules.size(); ++rule) {
    const MatchingRows rows = matching_rows(*rules[rule], finders);
    for (size_t axis = 0; axis < levels.size(); ++axis) {
      if (!rows.why_none.empty()) {
        levels[axis].rows.restrict(rule, {});
      } else if (rows.by_axis[axis]) {
        levels[axis].rows.restrict(rule, *rows.by_axis[axis]);
      }
    }
  }
  size_t fact = rules.size();
  for (size_t scoped = 0; scoped < axes_.size(); ++scoped) {
    const std::optional<Scope>& scope = axes_[scoped]->scope;
    if (!scope) continue;
    size_t owner = 0;
    while (!finders[owner].place_of(scope->parameter)) ++owner;
    const Requirement in_scope{
        scope->parameter, Requirement::Is::In, {{Value::Kind::String, scope->value}}, false};
    levels[owner].rows.restrict(fact, finders[owner].rows_with(in_scope));
    levels[scoped].scope = fact++;
  }
  return levels;
}

void Plan::exclude(std::vector<RowFinder>& finders) {
  std::vector<const ExcludeRule*> rules;
  for (const ExcludeRule& rule : study_->exclude) rules.push_back(&rule);
  const auto grid_of = [&](const std::vector<const ExcludeRule*>& some) {
    const std::vector<Grid::Level> made = levels(finders, some);
    const auto scopes =
        std::count_if(made.begin(), made.end(), [](const auto& l) { return l.scope.has_value(); });
    return Grid(made, some.size() + static_cast<size_t>(scopes), some.size());
  };
  sweep_ = grid_of(rules);
  if (sweep_->size() == Grid::kTooMany) return;
  for (size_t rule = 0; rule < rules.size(); ++rule) {
    const uint64_t points = sweep_->first_excluded()[rule];
    exclusions_.push_back({rules[rule], points});
    if (points > 0) continue;
    std::string why = matching_rows(*rules[rule], finders).why_none;
    // What it matches may be taken by those before it.
    if (why.empty() && grid_of({rules[rule]}).first_excluded()[0] == 0)
      why = "no point has all these parameters";
    if (!why.empty()) warn(rules[rule]->place + ": this exclude rule matches nothing: " + why);
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
    if (const std::optional<uint64_t> index = index_of(point, finders)) {
      warn(point.place + ": this experiment is in the sweep already, as number " +
           std::to_string(*index + 1) + ", and is left out");
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
std::optional<uint64_t> Plan::index_of(const ExplicitPoint& point, std::vector<RowFinder>& finders) const {
  if (finders.empty()) return std::nullopt;
  std::vector<uint64_t> rows;
  size_t names = 0;
  for (RowFinder& finder : finders) {
    const std::optional<Scope>& scope = finder.axis().scope;
    const Value* opens = scope ? find_in(point.parameters, scope->parameter) : nullptr;
    rows.push_back(Grid::kAbsent);
    if (scope && (opens == nullptr || opens->text != scope->value)) continue;
    std::vector<Value> values;
    for (const std::string& name : finder.axis().names) {
      const Value* value = find_in(point.parameters, name);
      if (value == nullptr) return std::nullopt;
      values.push_back(*value);
    }
    names += values.size();
    const std::optional<uint64_t> row = finder.row_of(values);
    if (!row) return std::nullopt;
    rows.back() = *row;
  }
  if (names != point.parameters.size()) return std::nullopt;
  return sweep_->index(rows);
}

Point Plan::at(uint64_t index) const {
  assert(index < size());
  if (index >= kept_in_sweep()) return {study_->experiments[explicit_[index - kept_in_sweep()]].parameters};
  const std::vector<uint64_t> rows = sweep_->rows(index);
  Point point;
  for (size_t axis = 0; axis < axes_.size(); ++axis) {
    if (rows[axis] == Grid::kAbsent) continue;
    for (size_t name = 0; name < axes_[axis]->names.size(); ++name)
      point.parameters.emplace_back(axes_[axis]->names[name], axes_[axis]->value(rows[axis], name));
    if (const auto* table = std::get_if<ValueTable>(&axes_[axis]->values))
      point.source_row = table->number(rows[axis]);
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
  const auto axis =
      std::find_if(axes_.begin(), axes_.end(), [&](const Axis* a) { return has_name(*a, name); });
  if (axis == axes_.end()) return none;
  const uint64_t row = sweep_->rows(index)[static_cast<size_t>(axis - axes_.begin())];
  const std::vector<std::string>& names = (*axis)->names;
  const auto place = static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  return row == Grid::kAbsent ? none : (*axis)->value(row, place);
}

}  // namespace studyctl
