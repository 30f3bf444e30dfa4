#pragma once

#include <string>
#include <string_view>

#include "manifest/problems.h"

namespace studyctl {

// What the YAML parser says, as people understand it.
std::string parser_words(const std::string& message);

// Whether the line of `place` is indented by tabs, which the parser calls many things.
bool is_indented_by_tabs(std::string_view text, Place place);

// Whether the quoted scalar at `offset`, the last of the text, has no end; the parser lets one pass that ends
// in a line end.
bool is_unclosed_quote(std::string_view text, size_t offset);

}  // namespace studyctl
