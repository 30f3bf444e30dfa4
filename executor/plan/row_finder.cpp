#include "plan/row_finder.h"

#include <algorithm>

namespace studyctl {
namespace {

using Rows = std::vector<std::vector<Value>>;

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

std::vector<uint64_t> RowFinder::rows_with(const Requirement& requirement) {
  std::vector<uint64_t> rows;
  const size_t name = *place_of(requirement.name);
  if (requirement.is != Requirement::Is::In) {
    for (uint64_t row = 0; row < axis_.size(); ++row) {
      if (requirement.holds(&axis_.at(row)[name])) rows.push_back(row);
    }
    return rows;
  }
  for (const Value& value : requirement.values) {
    if (const Range* range = std::get_if<Range>(&axis_.values)) {
      if (const auto row = row_in(axis_, *range, value.text)) rows.push_back(*row);
    } else if (const auto found = by_text(name).find(value.text); found != by_text(name).end()) {
      rows.insert(rows.end(), found->second.begin(), found->second.end());
    }
  }
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

std::optional<uint64_t> RowFinder::row_of(const std::vector<Value>& values) {
  if (const Range* range = std::get_if<Range>(&axis_.values)) {
    if (values.front().kind != Value::Kind::Number) return std::nullopt;
    return row_in(axis_, *range, values.front().text);
  }
  const Rows& rows = std::get<Rows>(axis_.values);
  for (uint64_t row = by_values_.size(); row < rows.size(); ++row) by_values_.emplace(key_of(rows[row]), row);
  const auto found = by_values_.find(key_of(values));
  if (found == by_values_.end()) return std::nullopt;
  return found->second;
}

const RowFinder::RowsByText& RowFinder::by_text(size_t name) {
  const auto [entry, is_new] = by_text_.try_emplace(name);
  if (!is_new) return entry->second;
  const Rows& rows = std::get<Rows>(axis_.values);
  for (uint64_t row = 0; row < rows.size(); ++row) entry->second[rows[row][name].text].push_back(row);
  return entry->second;
}

}  // namespace studyctl
