#include "manifest/range_reader.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace studyctl {
namespace {

constexpr std::array<Field, 3> kRangeFields = {{{"from"}, {"to"}, {"step"}}};
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

std::optional<Decimal> read_decimal(Reading& reading, const Fields& fields, std::string_view name) {
  const auto item = fields.require(name, "a range is {from: \"0.5\", to: \"0.9\", step: \"0.1\"}");
  const auto text = item ? read_quantity(reading.problems, *item) : std::nullopt;
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

}  // namespace

std::optional<Range> read_range(Reading& reading, const Item& item) {
  const Fields fields(reading.problems, item, kRangeFields);
  const auto from = read_decimal(reading, fields, "from");
  const auto to = read_decimal(reading, fields, "to");
  const auto step = read_decimal(reading, fields, "step");
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

}  // namespace studyctl
