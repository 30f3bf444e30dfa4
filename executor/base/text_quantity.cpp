#include <array>
#include <cstdio>
#include <limits>

#include "base/text.h"

namespace studyctl {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr Wide kMost = static_cast<Wide>(std::numeric_limits<int64_t>::max());

struct Suffix {
  std::string_view name;
  uint64_t factor;
};

constexpr std::array<Suffix, 12> kByteSuffixes = {{{"Ki", 1ull << 10},
                                                   {"Mi", 1ull << 20},
                                                   {"Gi", 1ull << 30},
                                                   {"Ti", 1ull << 40},
                                                   {"Pi", 1ull << 50},
                                                   {"Ei", 1ull << 60},
                                                   {"k", 1'000},
                                                   {"M", 1'000'000},
                                                   {"G", 1'000'000'000},
                                                   {"T", 1'000'000'000'000},
                                                   {"P", 1'000'000'000'000'000},
                                                   {"E", 1'000'000'000'000'000'000}}};

// digits / 10^point
struct Decimal {
  uint64_t digits = 0;
  int point = 0;
};

// Takes "16", "0.5", "1.5" from the front of `text`; nothing when there is no digit, or more than eighteen.
std::optional<Decimal> take_decimal(std::string_view& text) {
  Decimal decimal;
  bool after_point = false;
  int count = 0;
  for (; !text.empty(); text.remove_prefix(1)) {
    const char c = text.front();
    if (c == '.' && !after_point) {
      after_point = true;
    } else if (c >= '0' && c <= '9') {
      if (++count > 18) return std::nullopt;
      decimal.digits = decimal.digits * 10 + static_cast<uint64_t>(c - '0');
      if (after_point) ++decimal.point;
    } else {
      break;
    }
  }
  if (count == 0) return std::nullopt;
  return decimal;
}

// "e3" after a number, as Kubernetes has it; the whole of what is left of `text`.
std::optional<int> exponent_of(std::string_view text) {
  if (text.size() < 2 || text.size() > 3 || (text[0] != 'e' && text[0] != 'E')) return std::nullopt;
  int exponent = 0;
  for (const char c : text.substr(1)) {
    if (c < '0' || c > '9') return std::nullopt;
    exponent = exponent * 10 + (c - '0');
  }
  return exponent;
}

// number × factor, rounded up to a whole as Kubernetes does; nothing when it does not fit.
std::optional<int64_t> scaled(const Decimal& number, Wide factor) {
  if (number.digits != 0 && factor > ~Wide{0} / number.digits) return std::nullopt;
  Wide product = number.digits * factor;
  Wide divisor = 1;
  for (int i = 0; i < number.point; ++i) divisor *= 10;
  product = product / divisor + (product % divisor == 0 ? 0 : 1);
  if (product > kMost) return std::nullopt;
  return static_cast<int64_t>(product);
}

std::optional<Wide> power_of_ten(int exponent) {
  if (exponent > 18) return std::nullopt;
  Wide power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

Error no_quantity(std::string_view text, std::string_view why) {
  return {ErrorCode::Invalid, "'" + printable(text) + "' " + std::string(why)};
}

// The factor that stands behind the number; nothing when it is unknown.
std::optional<Wide> byte_factor(std::string_view suffix) {
  if (suffix.empty()) return 1;
  if (const auto exponent = exponent_of(suffix)) return power_of_ten(*exponent);
  for (const Suffix& candidate : kByteSuffixes) {
    if (candidate.name == suffix) return candidate.factor;
  }
  return std::nullopt;
}

}  // namespace

Result<int64_t> parse_bytes(std::string_view text) {
  constexpr std::string_view kForms = "is no amount of memory; write it as 16Gi, 500M or 1073741824";
  std::string_view rest = text;
  const auto number = take_decimal(rest);
  if (!number) return no_quantity(text, kForms);
  if (rest == "m") return no_quantity(text, "is thousandths of a byte; write M or Mi for megabytes");
  const auto factor = byte_factor(rest);
  if (!factor) return no_quantity(text, kForms);
  const auto bytes = scaled(*number, *factor);
  if (!bytes) return no_quantity(text, "is more than 8Ei");
  return *bytes;
}

Result<int64_t> parse_millicpu(std::string_view text) {
  constexpr std::string_view kForms = "is no number of cores; write it as 4, 0.5 or 500m";
  std::string_view rest = text;
  const auto number = take_decimal(rest);
  if (!number) return no_quantity(text, kForms);
  std::optional<Wide> factor;
  if (rest.empty()) {
    factor = 1000;
  } else if (rest == "m") {
    factor = 1;
  } else if (const auto exponent = exponent_of(rest)) {
    factor = power_of_ten(*exponent + 3);
  }
  if (!factor) return no_quantity(text, kForms);
  const auto cores = scaled(*number, *factor);
  if (!cores) return no_quantity(text, "is too many cores");
  return *cores;
}

std::string human_bytes(int64_t bytes) {
  constexpr std::array<const char*, 7> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double amount = static_cast<double>(bytes);
  size_t unit = 0;
  while ((amount >= 1023.95 || amount <= -1023.95) && unit + 1 < kUnits.size()) {
    amount /= 1024;
    ++unit;
  }
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", amount, kUnits.at(unit));
  return text.data();
}

}  // namespace studyctl
