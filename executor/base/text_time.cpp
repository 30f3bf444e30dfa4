#include <array>
#include <cstdio>

#include "base/text.h"

namespace studyctl {
namespace {

using namespace std::chrono_literals;

struct Unit {
  std::string_view name;
  Duration length;
};

// The largest first; `ms` stands before `m` where a name is looked for.
constexpr std::array<Unit, 5> kUnits = {{{"d", 24h}, {"h", 1h}, {"ms", 1ms}, {"m", 1min}, {"s", 1s}}};
constexpr std::array<Unit, 5> kBySize = {{{"d", 24h}, {"h", 1h}, {"m", 1min}, {"s", 1s}, {"ms", 1ms}}};
constexpr Duration kLongest = 100 * 365 * Duration(24h);

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Takes the digits in front of `text`; nothing when there are none, or more than eighteen.
std::optional<int64_t> take_number(std::string_view& text) {
  int64_t number = 0;
  size_t size = 0;
  while (size < text.size() && is_digit(text[size]) && size < 18) number = number * 10 + (text[size++] - '0');
  if (size == 0 || (size < text.size() && is_digit(text[size]))) return std::nullopt;
  text.remove_prefix(size);
  return number;
}

std::optional<int> take_fixed(std::string_view& text, size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int number = 0;
  for (size_t i = 0; i < digits; ++i) {
    if (!is_digit(text[i])) return std::nullopt;
    number = number * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return number;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

// ".123456789" → 123 ms.
std::optional<Duration> take_fraction(std::string_view& text) {
  if (!take(text, '.')) return 0ms;
  int64_t milliseconds = 0;
  size_t digits = 0;
  for (; digits < text.size() && is_digit(text[digits]); ++digits) {
    if (digits < 3) milliseconds = milliseconds * 10 + (text[digits] - '0');
  }
  if (digits == 0) return std::nullopt;
  for (size_t i = digits; i < 3; ++i) milliseconds *= 10;
  text.remove_prefix(digits);
  return Duration(milliseconds);
}

// "Z", "+01:00": what has to be taken off to get UTC.
std::optional<Duration> take_offset(std::string_view& text) {
  if (take(text, 'Z')) return 0ms;
  const bool west = take(text, '-');
  if (!west && !take(text, '+')) return std::nullopt;
  const auto hours = take_fixed(text, 2);
  if (!hours || !take(text, ':')) return std::nullopt;
  const auto minutes = take_fixed(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const Duration offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return west ? -offset : offset;
}

std::optional<std::chrono::sys_days> take_date(std::string_view& text) {
  const auto year = take_fixed(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_fixed(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_fixed(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

std::optional<Duration> take_time_of_day(std::string_view& text) {
  const auto hours = take_fixed(text, 2);
  if (!hours || !take(text, ':')) return std::nullopt;
  const auto minutes = take_fixed(text, 2);
  if (!minutes || !take(text, ':')) return std::nullopt;
  const auto seconds = take_fixed(text, 2);
  if (!seconds || *hours > 23 || *minutes > 59 || *seconds > 60) return std::nullopt;
  const auto fraction = take_fraction(text);
  if (!fraction) return std::nullopt;
  return std::chrono::hours(*hours) + std::chrono::minutes(*minutes) + std::chrono::seconds(*seconds) +
         *fraction;
}

std::string format_below_ten_seconds(Duration duration) {
  const int64_t tenths = (duration.count() + 50) / 100;
  std::string text = std::to_string(tenths / 10);
  if (tenths % 10 != 0) text += "." + std::to_string(tenths % 10);
  return text + "s";
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const auto wrong = [whole = std::string(text)](std::string_view what) {
    return Error{ErrorCode::Invalid, "'" + printable(whole) + "' is no duration: " + std::string(what) +
                                         "; write it as 250ms, 10s, 5m, 2h, 7d or a sum of them: 1h30m"};
  };
  if (text.empty()) return wrong("it is empty");
  if (text.front() == '-') return wrong("it must not be negative");
  Duration total{0};
  while (!text.empty()) {
    const auto number = take_number(text);
    if (!number) return wrong("a whole number is wanted before each unit");
    const Unit* unit = nullptr;
    for (const Unit& candidate : kUnits) {
      if (unit == nullptr && text.starts_with(candidate.name)) unit = &candidate;
    }
    if (unit == nullptr) return wrong(text.empty() ? "the unit is missing" : "the unit is unknown");
    text.remove_prefix(unit->name.size());
    if (*number > (kLongest - total) / unit->length) return wrong("it is over 100 years");
    total += *number * unit->length;
  }
  return total;
}

std::string format_duration(Duration duration) {
  std::string text;
  for (const Unit& unit : kBySize) {
    if (duration < unit.length) continue;
    text += std::to_string(duration / unit.length) + std::string(unit.name);
    duration %= unit.length;
  }
  return text.empty() ? "0s" : text;
}

std::string human_duration(Duration duration) {
  if (duration < 0ms) return "-" + human_duration(-duration);
  if (duration < 9950ms) return format_below_ten_seconds(duration);
  duration = std::chrono::round<std::chrono::seconds>(duration);
  for (size_t i = 0; i + 1 < kBySize.size(); ++i) {
    const Unit& unit = kBySize[i];
    if (duration < unit.length) continue;
    std::string text = std::to_string(duration / unit.length) + std::string(unit.name);
    const Unit& next = kBySize[i + 1];
    const auto rest = duration % unit.length / next.length;
    if (rest > 0) text += " " + std::to_string(rest) + std::string(next.name);
    return text;
  }
  return "0s";
}

std::string format_instant(Instant instant) {
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(instant - day);
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
                static_cast<int>(time.subseconds().count()));
  return text.data();
}

Result<Instant> parse_instant(std::string_view text) {
  const Error wrong{ErrorCode::Invalid,
                    "'" + printable(text) + "' is no time; write it as 2026-11-22T14:30:05.123Z"};
  const auto date = take_date(text);
  if (!date || !take(text, 'T')) return wrong;
  const auto time = take_time_of_day(text);
  if (!time) return wrong;
  const auto offset = take_offset(text);
  if (!offset || !text.empty()) return wrong;
  return Instant(*date + *time - *offset);
}

}  // namespace studyctl
