#include <algorithm>
#include <array>

#include "base/text.h"
#include "manifest/literal.h"
#include "manifest/parts.h"

namespace studyctl {
namespace {

constexpr size_t kMostAxes = 64;
constexpr size_t kMostNames = 256;
constexpr uint64_t kMostPoints = 100'000'000;
constexpr size_t kMostRules = 4096;
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
      if (reading.has_types) reading.value_places[{names[0], rows.size()}] = element.node->place;
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

// So that sums of them stay within 64 bits.
constexpr size_t kMostDigits = 15;

// digits / 10^point
struct Decimal {
  int64_t digits = 0;
  uint32_t point = 0;
};

std::optional<Decimal> parse_decimal(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  Decimal decimal;
  bool after_point = false;
  size_t count = 0;
  for (const char c : text) {
    if (c == '.' && !after_point && count > 0) {
      after_point = true;
    } else if (c >= '0' && c <= '9' && ++count <= kMostDigits) {
      decimal.digits = decimal.digits * 10 + (c - '0');
      if (after_point) ++decimal.point;
    } else {
      return std::nullopt;
    }
  }
  if (count == 0 || text.ends_with('.')) return std::nullopt;
  if (negative) decimal.digits = -decimal.digits;
  return decimal;
}

std::optional<Decimal> read_decimal(Fields& fields, std::string_view name) {
  const auto item = fields.require(name, "a range is {from: \"0.5\", to: \"0.9\", step: \"0.1\"}");
  const auto text = item ? read_quantity(fields.problems(), *item) : std::nullopt;
  if (!text) return std::nullopt;
  auto decimal = parse_decimal(*text);
  if (!decimal) fields.problem(name, "must be a decimal number of at most 15 digits, is " + shortened(*text));
  return decimal;
}

// `decimal` with `point` digits behind the point; nothing when that does not fit.
std::optional<int64_t> scaled(const Decimal& decimal, uint32_t point) {
  int64_t digits = decimal.digits;
  for (uint32_t i = decimal.point; i < point; ++i) {
    if (__builtin_mul_overflow(digits, 10, &digits)) return std::nullopt;
  }
  // Differences of two of them must fit, too.
  constexpr int64_t kMost = int64_t{1} << 61;
  if (digits > kMost || digits < -kMost) return std::nullopt;
  return digits;
}

std::optional<Range> read_range(Reading& reading, const Item& item) {
  Fields fields(reading, item);
  const auto from = read_decimal(fields, "from");
  const auto to = read_decimal(fields, "to");
  const auto step = read_decimal(fields, "step");
  if (!from || !to || !step) return std::nullopt;
  const uint32_t point = std::max(from->point, std::max(to->point, step->point));
  const auto first = scaled(*from, point);
  const auto last = scaled(*to, point);
  const auto stride = scaled(*step, point);
  if (!first || !last || !stride) {
    reading.problems.add(item.node->place, item.path,
                         "its numbers have too many digits together; 15 is enough");
    return std::nullopt;
  }
  if (*stride == 0) {
    fields.problem("step", "must not be 0");
    return std::nullopt;
  }
  if ((*last - *first) / *stride < 0 || (*stride > 0) != (*last >= *first)) {
    if (*last != *first) {
      fields.problem("step", "leads away from `to`; give it the other sign");
      return std::nullopt;
    }
  }
  const Range range{*first, *stride, point, static_cast<uint64_t>((*last - *first) / *stride) + 1};
  if ((*last - *first) % *stride != 0) {
    const Axis axis{{"x"}, range};
    reading.problems.warn(item.node->place, item.path,
                          "`to` is not reached; the last value is " + axis.at(range.count - 1)[0].text);
  }
  return range;
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

void read_exclude_rule(Reading& reading, const Item& item, Study& study) {
  const std::vector<std::string> swept(reading.swept.begin(), reading.swept.end());
  ExcludeRule rule{read_match(reading, item, swept), reading.problems.source().describe(item.node->place)};
  if (!rule.match.empty()) study.exclude.push_back(std::move(rule));
}

void read_sweep(Reading& reading, const Item& item, Study& study) {
  const auto entries = entries_of(reading, item, "must be a map of names and lists of values");
  if (entries.size() > kMostAxes) {
    reading.problems.add(item.node->place, item.path,
                         "has " + std::to_string(entries.size()) + " axes; at most 64");
    return;
  }
  std::map<std::string, Place> seen;
  for (const auto& [path, entry] : entries) {
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
    const auto entries = parameter_entries(reading, element, "{molecule: water}");
    if (entries.empty()) continue;
    ExplicitPoint point;
    point.place = reading.problems.source().describe(element.node->place);
    for (const auto& [path, entry] : entries) {
      if (!check_parameter_name(reading, entry.place, path, entry.key)) continue;
      add_parameter(reading, entry.place, path, entry.key);
      point.parameters.emplace_back(entry.key, read_value(reading, {entry.value, path}).value_or(Value{}));
    }
    reading.experiments.push_back(element.node->place);
    study.experiments.push_back(std::move(point));
  }
}

void check_size(Fields& spec, const Study& study) {
  const bool has_grid = !study.sweep.empty() || study.experiments_from;
  uint64_t points = !has_grid ? 0 : study.experiments_from ? study.experiments_from->rows.size() : 1;
  for (const Axis& axis : study.sweep) {
    // The plan counts those.
    if (axis.scope) continue;
    if (__builtin_mul_overflow(points, axis.size(), &points) || points > kMostPoints)
      points = kMostPoints + 1;
  }
  if (points + study.experiments.size() <= kMostPoints) return;
  spec.problem(study.sweep.empty() ? "experiments" : "sweep",
               "makes more than 100,000,000 points; make axes shorter");
}

// Quoted, so that kubectl changes nothing in it.
Written written_range(const Range& range) {
  const auto text_at = [](const Range& of, uint64_t i) {
    return Written::text(Axis{{"x"}, of}.at(i)[0].text);
  };
  return {Written::Map{{"from", text_at(range, 0)},
                       {"to", text_at(range, range.count - 1)},
                       {"step", text_at(Range{range.step, 1, range.digits, 1}, 0)}}};
}

Written written_axis(const Axis& axis) {
  if (const auto* steps = std::get_if<Range>(&axis.values)) return written_range(*steps);
  Written::List list;
  for (const std::vector<Value>& row : std::get<std::vector<std::vector<Value>>>(axis.values)) {
    if (axis.names.size() == 1) {
      list.push_back(written_value(row[0]));
      continue;
    }
    Written::List tied;
    for (const Value& one : row) tied.push_back(written_value(one));
    list.push_back({std::move(tied)});
  }
  return {std::move(list)};
}

Written written_exclude(const std::vector<ExcludeRule>& rules) {
  Written::List list;
  for (const ExcludeRule& rule : rules) { list.push_back(written_match(rule.match)); }
  return {std::move(list)};
}

Written written_points(const std::vector<ExplicitPoint>& points) {
  Written::List list;
  for (const ExplicitPoint& point : points) {
    Written::Map map;
    for (const auto& [name, one] : point.parameters) map.emplace_back(name, written_value(one));
    list.push_back({std::move(map)});
  }
  return {std::move(list)};
}

}  // namespace

void read_points(Fields& spec, Study& study) {
  // The later are checked against the earlier.
  if (const auto sweep = spec.find("sweep")) read_sweep(spec.reading(), *sweep, study);
  read_experiments_from(spec, study);
  find_scopes(spec.reading(), study);
  if (const auto exclude = spec.find("exclude")) read_exclude(spec.reading(), *exclude, study);
  if (const auto points = spec.find("experiments")) read_experiments(spec.reading(), *points, study);
  check_size(spec, study);
}

void write_points(FieldWriter& spec, const Study& study) {
  FieldWriter sweep;
  for (const Axis& axis : study.sweep) sweep.put(join(axis.names, ", "), written_axis(axis));
  if (!study.sweep.empty()) spec.put("sweep", sweep.take());
  if (!study.exclude.empty()) spec.put("exclude", written_exclude(study.exclude));
  if (!study.experiments.empty()) spec.put("experiments", written_points(study.experiments));
  write_experiments_from(spec, study);
}

}  // namespace studyctl
