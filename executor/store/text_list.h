#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace studyctl {

// A JSON array of strings, for a column of studies.db.
std::string list_to_json(const std::vector<std::string>& list);
// Empty when it is not one.
std::vector<std::string> list_from_json(std::string_view json);

}  // namespace studyctl
