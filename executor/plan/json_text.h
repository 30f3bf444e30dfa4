#pragma once

#include <string>
#include <string_view>

#include "model/study.h"

// JSON written by hand where the literal text of numbers must stay what it is.
namespace studyctl {

// `text` between the quotes of a JSON string: valid UTF-8, escapes as in RFC 8785 (the fewest there can be).
std::string json_escaped(std::string_view text);
std::string json_string(std::string_view text);
// Numbers and booleans by their literal text.
std::string json_value(const Value& value);

}  // namespace studyctl
