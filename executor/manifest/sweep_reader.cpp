#include "manifest/sweep_reader.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/text.h"
#include "manifest/literal.h"
#include "manifest/range_reader.h"

namespace studyctl {
namespace {

constexpr size_t kMostAxes = 64;
constexpr size_t kMostNames = 256;
constexpr uint64_t kMostPoints = 100'000'000;
constexpr size_t kMostRules = 4096;
constexpr std::array<std::string_view, 8> kOperators = {"gt", "ge", "lt",    "le",
                                                        "ne", "in", "notIn", "matches"};

std::optional<Value> read_value(Reading& reading, const Item& item) {
  auto value = value_of(*item.node);
  if (value) return std::move(*value);
  reading.problems.add(item.node->place, item.path, value.error().message);
  return std::nullopt;
}

// "precision, bits" → both; a problem, and nothing, when one cannot be a name.
std::vector<std::string> read_names(Reading& reading, const Node::Entry& entry, const std::string& path) {
  std::vector<std::string> names;
  for (const std::string& part : split(entry.key, ',')) {
    if (names.size() > kMostNames) break;
    names.emplace_back(trim(part));
    if (!check_parameter_name(reading, entry.place, path, names.back())) return {};
  }
  return names;
}

std::optional<std::vector<Value>> read_row(Reading& reading, const Item& item,
                                           const std::vector<std::string>& names) {
  std::vector<Value> row;
  if (names.size() == 1) {
    auto value = read_value(reading, item);
    if (!value) return std::nullopt;
    row.push_back(std::move(*value));
    return row;
  }
  if (item.node->kind != Node::Kind::Sequence || item.node->items.size() != names.size()) {
    reading.problems.add(
        item.node->place, item.path,
        "must be a list of " + std::to_string(names.size()) + " values: [" + join(names, ", ") + "]");
    return std::nullopt;
  }
  for (const Item& part : read_list(reading.problems, item)) {
    if (auto value = read_value(reading, part)) row.push_back(std::move(*value));
  }
  if (row.size() != names.size()) return std::nullopt;
  return row;
}

// The rows of an axis without those that it has already.
std::vector<std::vector<Value>> read_rows(Reading& reading, const Item& item,
                                          const std::vector<std::string>& names) {
  std::vector<std::vector<Value>> rows;
  std::map<std::vector<Value>, Place> places;
  for (const Item& element : read_list(reading.problems, item)) {
    auto row = read_row(reading, element, names);
    if (!row) continue;
    const auto [first, is_new] = places.emplace(*row, element.node->place);
    if (is_new) {
      rows.push_back(std::move(*row));
    } else {
      reading.problems.warn(
          element.node->place, element.path,
          "the same value as at " + reading.problems.source().describe(first->second) + "; counted once");
    }
  }
  if (item.node->kind == Node::Kind::Sequence && item.node->items.empty()) {
    reading.problems.add(item.node->place, item.path, "has no values; remove the axis, or give it some");
  }
  return rows;
}

void read_axis(Reading& reading, const Item& item, std::vector<std::string> names, Study& study) {
  if (item.node->kind == Node::Kind::Map) {
    if (names.size() > 1) {
      reading.problems.add(item.node->place, item.path,
                           "a range has one name; list the values that move together");
      return;
    }
    if (const auto range = read_range(reading, item)) study.sweep.push_back({std::move(names), *range});
    return;
  }
  auto rows = read_rows(reading, item, names);
  if (!rows.empty()) study.sweep.push_back({std::move(names), std::move(rows)});
}

// The values that a key of an exclude rule lists.
std::vector<Value> read_matches(Reading& reading, const Item& item) {
  if (item.node->kind == Node::Kind::Map) {
    const auto& entries = item.node->entries;
    const bool is_operator = !entries.empty() && std::find(kOperators.begin(), kOperators.end(),
                                                           entries[0].key) != kOperators.end();
    reading.problems.add(
        item.node->place, item.path,
        is_operator ? not_yet("operator " + entries[0].key + " in exclude") + "; list the values instead"
                    : "must be a value or a list of values, is a map");
    return {};
  }
  std::vector<Value> values;
  const bool is_list = item.node->kind == Node::Kind::Sequence;
  for (const Item& element : one_or_list(item)) {
    if (auto value = read_value(reading, element)) values.push_back(std::move(*value));
  }
  if (is_list && item.node->items.empty()) {
    reading.problems.add(item.node->place, item.path,
                         "lists no value, so the rule matches nothing; remove it");
  }
  return values;
}

void read_exclude_rule(Reading& reading, const Item& item, Study& study) {
  if (item.node->kind != Node::Kind::Map || item.node->entries.empty()) {
    reading.problems.add(item.node->place, item.path,
                         "must be a map of parameters and values: {precision: fp32}");
    return;
  }
  ExcludeRule rule;
  rule.place = reading.problems.source().describe(item.node->place);
  for (const Node::Entry& entry : item.node->entries) {
    const std::string path = item.path + "." + entry.key;
    check_key(reading.problems, entry, path);
    if (!check_parameter_name(reading, entry.place, path, entry.key)) continue;
    if (!reading.swept.contains(entry.key)) {
      const std::vector<std::string> known(reading.swept.begin(), reading.swept.end());
      reading.problems.add(entry.place, path, unknown_name("parameter", entry.key, known));
      continue;
    }
    rule.match.emplace_back(entry.key, read_matches(reading, {entry.value, path}));
  }
  study.exclude.push_back(std::move(rule));
}

}  // namespace

void read_sweep(Reading& reading, const Item& item, Study& study) {
  if (item.node->kind != Node::Kind::Map) {
    reading.problems.add(item.node->place, item.path, "must be a map of names and lists of values");
    return;
  }
  if (item.node->entries.size() > kMostAxes) {
    reading.problems.add(item.node->place, item.path,
                         "has " + std::to_string(item.node->entries.size()) + " axes; at most 64");
    return;
  }
  std::map<std::string, Place> seen;
  for (const Node::Entry& entry : item.node->entries) {
    const std::string path = item.path + "." + entry.key;
    check_key(reading.problems, entry, path);
    std::vector<std::string> names = read_names(reading, entry, path);
    bool is_new = !names.empty();
    for (const std::string& name : names) {
      const auto [first, added] = seen.emplace(name, entry.place);
      if (added) {
        add_parameter(reading, entry.place, path, name);
        reading.swept.insert(name);
        continue;
      }
      is_new = false;
      reading.problems.add(entry.place, path,
                           "'" + name + "' is an axis already, at " +
                               reading.problems.source().describe(first->second) + "; keep one");
    }
    if (seen.size() > kMostNames) {
      reading.problems.add(entry.place, path, "is past the 256th parameter; use fewer");
      return;
    }
    if (is_new) read_axis(reading, {entry.value, path}, std::move(names), study);
  }
}

void read_exclude(Reading& reading, const Item& item, Study& study) {
  for (const Item& rule : read_list(reading.problems, item)) {
    if (study.exclude.size() == kMostRules) {
      reading.problems.add(rule.node->place, item.path,
                           "has more than 4096 rules; a list of values means any of them");
      return;
    }
    if (reading.problems.full()) return;
    read_exclude_rule(reading, rule, study);
  }
}

void read_experiments(Reading& reading, const Item& item, Study& study) {
  for (const Item& element : read_list(reading.problems, item)) {
    if (element.node->kind != Node::Kind::Map || element.node->entries.empty()) {
      reading.problems.add(element.node->place, element.path,
                           "must be a map of parameters and values: {molecule: water}");
      continue;
    }
    ExplicitPoint point;
    point.place = reading.problems.source().describe(element.node->place);
    for (const Node::Entry& entry : element.node->entries) {
      const std::string path = element.path + "." + entry.key;
      check_key(reading.problems, entry, path);
      if (!check_parameter_name(reading, entry.place, path, entry.key)) continue;
      add_parameter(reading, entry.place, path, entry.key);
      point.parameters.emplace_back(entry.key, read_value(reading, {entry.value, path}).value_or(Value{}));
    }
    reading.experiments.push_back(element.node->place);
    study.experiments.push_back(std::move(point));
  }
}

void check_points(Reading& reading, const Item& spec, const Study& study) {
  uint64_t points = study.sweep.empty() ? 0 : 1;
  for (const Axis& axis : study.sweep) {
    if (__builtin_mul_overflow(points, axis.size(), &points) || points > kMostPoints)
      points = kMostPoints + 1;
  }
  if (points + study.experiments.size() <= kMostPoints) return;
  const std::string_view name = study.sweep.empty() ? "experiments" : "sweep";
  reading.problems.add(spec.node->find(name)->place, spec.path + "." + std::string(name),
                       "makes more than 100,000,000 points; make axes shorter");
}

}  // namespace studyctl
