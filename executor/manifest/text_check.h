#pragma once

#include <string>
#include <string_view>

#include "manifest/problems.h"

namespace studyctl {

// Whether `text` is what the parser can be trusted with: `most_bytes` at most, UTF-8, no control characters
// (one of them means the end of the text to it). Adds a problem where it is not.
bool check_text(std::string_view text, Problems& problems, size_t most_bytes);

// `text` as the parser understands it: in JSON a pair of \u escapes is one \U escape, and tabs between its
// parts are spaces. Lines stay where they are.
std::string parser_text(std::string_view text);

}  // namespace studyctl
