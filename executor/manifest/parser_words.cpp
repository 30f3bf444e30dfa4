#include "manifest/parser_words.h"

#include <algorithm>
#include <array>

namespace studyctl {
namespace {

// The parser's own words, where they say little to people, and what is said instead.
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kWords = {
    {{"end of map not found", "the indentation does not fit what is above, or a ':' or a quote is missing"},
     {"end of sequence not found", "the indentation does not fit the list above, or a '-' is missing"},
     {"end of sequence flow not found", "a [ is not closed, or a comma is missing"},
     {"end of map flow not found", "a { is not closed, or a comma is missing"},
     {"illegal flow end", "a ] or } that closes nothing"},
     {"illegal map value", "a ':' where none can be; put the value in quotes, or mend the indentation"},
     {"illegal block entry", "a '-' where no list can begin; put it on a line of its own"},
     {"illegal EOF in scalar", "a quote is not closed"},
     {"unknown token", "a value cannot begin with this character; put it in quotes"},
     {"the referenced anchor is not defined",
      "no anchor (&) of this name comes before; put the text in quotes"}}};

}  // namespace

std::string parser_words(const std::string& message) {
  for (const auto& [parser, words] : kWords) {
    if (message.find(parser) != std::string::npos) return std::string(words);
  }
  if (message.find("unknown escape") != std::string::npos) {
    return message + "; use single quotes for text with backslashes";
  }
  return message + ": this is not YAML";
}

bool is_indented_by_tabs(std::string_view text, Place place) {
  for (uint32_t line = 1; line < place.line; ++line)
    text.remove_prefix(std::min(text.find('\n') + 1, text.size()));
  const std::string_view indent = text.substr(0, text.find_first_not_of(" \t"));
  return indent.find('\t') != std::string_view::npos;
}

bool is_unclosed_quote(std::string_view text, size_t offset) {
  // Past its tag and anchor.
  while (offset < text.size() && (text[offset] == '&' || text[offset] == '!')) {
    offset = text.find_first_not_of(" \t\r\n", text.find_first_of(" \t\r\n", offset));
  }
  if (offset >= text.size() || (text[offset] != '"' && text[offset] != '\'')) return false;
  const char quote = text[offset];
  for (size_t i = offset + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || text.substr(i + 1, 1) != "'") return false;
      ++i;
    }
  }
  return true;
}

}  // namespace studyctl
