#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "manifest/document.h"
#include "model/study.h"

namespace studyctl {

// What kubectl takes an unquoted scalar for (YAML 1.1 as Kubernetes' own tools read it).
Value::Kind plain_kind(std::string_view text);

// The JSON form of a double: the shortest digits that are the same number, "1e-7", "1e+21".
std::string canonical_number(double number);

// Whether an unquoted `text` is the same everywhere: text, or its own canonical JSON form. `1.10`, `010`,
// `yes` and `~` are not.
bool is_own_meaning(std::string_view text);

// The value of a parameter. Invalid: a list or a map, or unquoted what is not its own meaning.
Result<Value> value_of(const Node& node);

}  // namespace studyctl
