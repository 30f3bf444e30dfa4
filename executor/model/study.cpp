#include "model/study.h"

#include <cstdlib>

namespace studyctl {
namespace {

// `scaled` / 10^digits as canonical JSON: no trailing zeros, no exponent.
std::string decimal_text(int64_t scaled, uint32_t digits) {
  const bool negative = scaled < 0;
  std::string text = std::to_string(negative ? -scaled : scaled);
  if (text.size() <= digits) text.insert(0, digits + 1 - text.size(), '0');
  if (digits > 0) {
    text.insert(text.size() - digits, 1, '.');
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
  }
  return negative && text != "0" ? "-" + text : text;
}

}  // namespace

uint64_t Axis::size() const {
  if (const auto* rows = std::get_if<std::vector<std::vector<Value>>>(&values)) return rows->size();
  if (const auto* table = std::get_if<ValueTable>(&values)) return table->size();
  return std::get<Range>(values).count;
}

std::vector<Value> Axis::at(uint64_t i) const {
  std::vector<Value> row;
  for (size_t name = 0; name < names.size(); ++name) row.push_back(value(i, name));
  return row;
}

Value Axis::value(uint64_t i, size_t name) const {
  if (const auto* rows = std::get_if<std::vector<std::vector<Value>>>(&values)) return rows->at(i).at(name);
  if (const auto* table = std::get_if<ValueTable>(&values)) return table->at(i, name);
  const Range& range = std::get<Range>(values);
  return {Value::Kind::Number,
          decimal_text(range.first + static_cast<int64_t>(i) * range.step, range.digits)};
}

}  // namespace studyctl
