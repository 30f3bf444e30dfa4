#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace studyctl {

std::vector<std::string> split(std::string_view text, char separator);
std::string join(std::span<const std::string> parts, std::string_view separator);
std::string_view trim(std::string_view text);
std::string lower(std::string_view text);

// `*` matches any run of characters, `?` one. No other special characters.
bool glob_match(std::string_view pattern, std::string_view text);

// The candidate that is at most two edits from `word`, or nothing: for "did you mean".
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

// Valid UTF-8 whatever comes in: broken bytes become U+FFFD, as JSON needs.
std::string to_utf8(std::string_view bytes);

// No control characters: what untrusted text must go through before a terminal sees it.
std::string printable(std::string_view text);

// "250ms", "1h30m", "7d". Invalid without a unit, negative, or over 100 years.
Result<Duration> parse_duration(std::string_view text);
// The shortest form that parse_duration reads back: "1h30m", "250ms", "0s".
std::string format_duration(Duration duration);
// For people, two units at most: "2d 4h", "3m 20s", "0.4s".
std::string human_duration(Duration duration);

// "2026-11-22T14:30:05.123Z", and back.
std::string format_instant(Instant instant);
Result<Instant> parse_instant(std::string_view text);

// A Kubernetes memory quantity ("16Gi", "500M", "1073741824") in bytes. `m` is an error.
Result<int64_t> parse_bytes(std::string_view text);
// A Kubernetes cpu quantity ("4", "500m", "0.5") in thousandths of a core.
Result<int64_t> parse_millicpu(std::string_view text);
std::string human_bytes(int64_t bytes);

}  // namespace studyctl
