#include "plan/row_finder.h"

#include <algorithm>

namespace studyctl {
namespace {

std::string key_of(const std::vector<Value>& values) {
  std::string key;
  for (const Value& value : values) append_key(key, value);
  return key;
}

// "-1.5" with 3 digits is -1500; nothing when it has more digits, or is no decimal number.
std::optional<int64_t> scaled(std::string_view text, uint32_t digits) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > 20) return std::nullopt;
  int64_t number = 0;
  std::optional<uint32_t> after_point;
  const auto push = [&number](int digit) {
    return !__builtin_mul_overflow(number, 10, &number) && !__builtin_sub_overflow(number, digit, &number);
  };
  for (const char c : text) {
    if (c == '.' && !after_point) {
      after_point = 0;
    } else if (c < '0' || c > '9' || !push(c - '0')) {
      return std::nullopt;
    } else if (after_point) {
      ++*after_point;
    }
  }
  for (uint32_t have = after_point.value_or(0); have < digits; ++have) {
    if (!push(0)) return std::nullopt;
  }
  if (after_point.value_or(0) > digits) return std::nullopt;
  if (negative) return number;
  return number == INT64_MIN ? std::nullopt : std::optional(-number);
}

std::optional<uint64_t> row_in(const Axis& axis, const Range& range, const std::string& text) {
  const std::optional<int64_t> number = scaled(text, range.digits);
  int64_t distance = 0;
  if (!number || range.step == 0 || __builtin_sub_overflow(*number, range.first, &distance))
    return std::nullopt;
  if (distance % range.step != 0 || distance / range.step < 0) return std::nullopt;
  const auto row = static_cast<uint64_t>(distance / range.step);
  // Another spelling of the number is another text.
  if (row >= range.count || axis.at(row).front().text != text) return std::nullopt;
  return row;
}

// The end of `rows` grows by a row that is not before it.
void append(std::vector<RowInterval>& rows, uint64_t row) {
  if (rows.empty() || rows.back().end < row) {
    rows.push_back({row, row + 1});
  } else {
    rows.back().end = row + 1;
  }
}

std::vector<RowInterval> complement(const std::vector<RowInterval>& rows, uint64_t size) {
  std::vector<RowInterval> others;
  uint64_t begin = 0;
  for (const RowInterval& interval : rows) {
    if (begin < interval.begin) others.push_back({begin, interval.begin});
    begin = interval.end;
  }
  if (begin < size) others.push_back({begin, size});
  return others;
}

// The first row below `size` that `holds`, where all after it do; `size` when none does.
uint64_t first_row(uint64_t size, auto holds) {
  uint64_t begin = 0;
  for (uint64_t end = size; begin < end;) {
    const uint64_t middle = begin + (end - begin) / 2;
    if (holds(middle)) {
      end = middle;
    } else {
      begin = middle + 1;
    }
  }
  return begin;
}

}  // namespace

void append_key(std::string& key, const Value& value) {
  key += static_cast<char>('0' + static_cast<int>(value.kind));
  key += std::to_string(value.text.size());
  key += ':';
  key += value.text;
}

std::optional<size_t> RowFinder::place_of(std::string_view name) const {
  const auto found = std::find(axis_.names.begin(), axis_.names.end(), name);
  if (found == axis_.names.end()) return std::nullopt;
  return static_cast<size_t>(found - axis_.names.begin());
}

std::vector<RowInterval> RowFinder::rows_with(const Requirement& requirement) {
  const size_t name = *place_of(requirement.name);
  const uint64_t size = axis_.size();
  if (requirement.is == Requirement::Is::In) return rows_listed(name, requirement.values);
  if (requirement.is == Requirement::Is::NotIn)
    return complement(rows_listed(name, requirement.values), size);
  const auto holds = [&](uint64_t row) {
    const Value value = axis_.value(row, name);
    return requirement.holds(&value);
  };
  std::vector<RowInterval> rows;
  if (std::holds_alternative<Range>(axis_.values) && compares_numbers(requirement.is)) {
    // Those that hold are at one end of it.
    const bool at_first = holds(0);
    const uint64_t change = first_row(size, [&](uint64_t row) { return holds(row) != at_first; });
    if (at_first) return {{0, change}};
    if (change < size) rows.push_back({change, size});
    return rows;
  }
  for (uint64_t row = 0; row < size; ++row) {
    if (holds(row)) append(rows, row);
  }
  return rows;
}

std::vector<RowInterval> RowFinder::rows_listed(size_t name, const std::vector<Value>& values) {
  std::vector<uint64_t> rows;
  for (const Value& value : values) {
    if (const Range* range = std::get_if<Range>(&axis_.values)) {
      if (const auto row = row_in(axis_, *range, value.text)) rows.push_back(*row);
    } else if (const auto found = by_text(name).find(value.text); found != by_text(name).end()) {
      rows.insert(rows.end(), found->second.begin(), found->second.end());
    }
  }
  std::sort(rows.begin(), rows.end());
  std::vector<RowInterval> intervals;
  for (const uint64_t row : rows) append(intervals, row);
  return intervals;
}

std::vector<RowInterval> in_both(const std::vector<RowInterval>& a, const std::vector<RowInterval>& b) {
  std::vector<RowInterval> both;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size(); a[i].end < b[j].end ? ++i : ++j) {
    const RowInterval common{std::max(a[i].begin, b[j].begin), std::min(a[i].end, b[j].end)};
    if (common.begin < common.end) both.push_back(common);
  }
  return both;
}

std::optional<uint64_t> RowFinder::row_of(const std::vector<Value>& values) {
  if (const Range* range = std::get_if<Range>(&axis_.values)) {
    if (values.front().kind != Value::Kind::Number) return std::nullopt;
    return row_in(axis_, *range, values.front().text);
  }
  if (by_values_.empty()) {
    for (uint64_t row = 0; row < axis_.size(); ++row) by_values_.emplace(key_of(axis_.at(row)), row);
  }
  const auto found = by_values_.find(key_of(values));
  if (found == by_values_.end()) return std::nullopt;
  return found->second;
}

const RowFinder::RowsByText& RowFinder::by_text(size_t name) {
  const auto [entry, is_new] = by_text_.try_emplace(name);
  if (!is_new) return entry->second;
  for (uint64_t row = 0; row < axis_.size(); ++row) entry->second[axis_.value(row, name).text].push_back(row);
  return entry->second;
}

}  // namespace studyctl
