#include "base/decimal.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>

namespace studyctl {
namespace {

// 0.DIGITS * 10^point; DIGITS begin and end with no zero, and are empty for 0.
struct Decimal {
  bool negative = false;
  std::string digits;
  int64_t point = 0;
};

// So that sums of it and a length stay within 64 bits.
constexpr int64_t kMostExponent = int64_t{1} << 60;

// What is written behind an e.
std::optional<int64_t> exponent_of(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  int64_t exponent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return exponent < -kMostExponent || exponent > kMostExponent ? std::nullopt : std::optional(exponent);
}

std::optional<Decimal> parsed(std::string_view text) {
  Decimal decimal;
  decimal.negative = text.starts_with('-');
  if (decimal.negative) text.remove_prefix(1);
  bool has_digits = false;
  bool after_point = false;
  size_t at = 0;
  for (; at < text.size() && text[at] != 'e' && text[at] != 'E'; ++at) {
    if (text[at] == '.' && !after_point) {
      after_point = true;
      continue;
    }
    if (text[at] < '0' || text[at] > '9') return std::nullopt;
    has_digits = true;
    const bool leads = decimal.digits.empty() && text[at] == '0';
    if (!leads) decimal.digits += text[at];
    if (leads == after_point) decimal.point += leads ? -1 : 1;
  }
  if (!has_digits) return std::nullopt;
  if (at < text.size()) {
    const std::optional<int64_t> exponent = exponent_of(text.substr(at + 1));
    if (!exponent) return std::nullopt;
    decimal.point += *exponent;
  }
  decimal.digits.erase(decimal.digits.find_last_not_of('0') + 1);
  if (decimal.digits.empty()) return Decimal{};
  return decimal;
}

std::strong_ordering compare_sizes(const Decimal& a, const Decimal& b) {
  if (a.digits.empty() || b.digits.empty()) return a.digits.size() <=> b.digits.size();
  if (a.point != b.point) return a.point <=> b.point;
  return a.digits.compare(b.digits) <=> 0;
}

}  // namespace

std::optional<std::strong_ordering> compare_decimals(std::string_view a, std::string_view b) {
  const std::optional<Decimal> first = parsed(a);
  const std::optional<Decimal> second = parsed(b);
  if (!first || !second) return std::nullopt;
  if (first->negative != second->negative) return second->negative <=> first->negative;
  return first->negative ? compare_sizes(*second, *first) : compare_sizes(*first, *second);
}

bool is_decimal(std::string_view text) {
  return parsed(text).has_value();
}

}  // namespace studyctl
