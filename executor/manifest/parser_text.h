#pragma once

#include <string>
#include <string_view>

#include "manifest/problems.h"

// What yaml-cpp is given, and what is made of its answers.
namespace studyctl {

// Whether `text` is what the parser can be trusted with: `most_bytes` at most, UTF-8, no control characters
// (one of them means the end of the text to it). Adds a problem where it is not.
bool check_text(std::string_view text, Problems& problems, size_t most_bytes);

// `text` as the parser understands it: in JSON a pair of \u escapes is one \U escape, and tabs between its
// parts are spaces. Lines stay where they are.
std::string parser_text(std::string_view text);

// What the YAML parser says, as people understand it.
std::string parser_words(const std::string& message);

// Whether the line of `place` is indented by tabs, which the parser calls many things.
bool is_indented_by_tabs(std::string_view text, Place place);

// Whether the quoted scalar at `offset`, the last of the text, has no end; the parser lets one pass that ends
// in a line end.
bool is_unclosed_quote(std::string_view text, size_t offset);

}  // namespace studyctl
