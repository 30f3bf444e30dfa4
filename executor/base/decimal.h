#pragma once

#include <compare>
#include <optional>
#include <string_view>

namespace studyctl {

// How two numbers compare, by all of their digits: 0.1 is less than 0.10000000000000000001, 1e3 equal to
// 1000. Nothing when one is no decimal number ("-1.5", "1e-7"), as nan and inf are not.
std::optional<std::strong_ordering> compare_decimals(std::string_view a, std::string_view b);

bool is_decimal(std::string_view text);

}  // namespace studyctl
