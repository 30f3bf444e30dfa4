#include "manifest/parser_text.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

#include "base/text.h"
#include "manifest/document.h"

namespace studyctl {
namespace {

Place place_of(std::string_view text, size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const size_t line_end = before.rfind('\n');
  const size_t column = line_end == std::string_view::npos ? offset : offset - line_end - 1;
  size_t line = 1;
  for (const char c : before) line += c == '\n' ? 1 : 0;
  return {static_cast<uint32_t>(line), static_cast<uint32_t>(column + 1)};
}

bool is_allowed(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 ? byte != 0x7f : c == '\t' || c == '\n' || c == '\r';
}

// The size of the UTF-8 character that `text` begins with; 0 when it is none.
size_t character_size(std::string_view text) {
  const auto byte = static_cast<unsigned char>(text[0]);
  if (byte < 0x80) return 1;
  const size_t size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
  if (size > text.size()) return 0;
  return to_utf8(text.substr(0, size)) == text.substr(0, size) ? size : 0;
}

// The number that "\uXXXX" at `offset` stands for.
std::optional<uint32_t> escaped_unit(std::string_view text, size_t offset) {
  if (offset + 6 > text.size() || text.substr(offset, 2) != "\\u") return std::nullopt;
  uint32_t unit = 0;
  for (const char c : text.substr(offset + 2, 4)) {
    const auto digit =
        std::string_view("0123456789abcdef").find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
    if (digit == std::string_view::npos) return std::nullopt;
    unit = unit * 16 + static_cast<uint32_t>(digit);
  }
  return unit;
}

// Appends the escape at `offset` of a JSON string to `result`, and says how long it was.
size_t copy_escape(std::string_view text, size_t offset, std::string& result) {
  const auto high = escaped_unit(text, offset);
  const auto low = high ? escaped_unit(text, offset + 6) : std::nullopt;
  if (high && low && *high >= 0xd800 && *high < 0xdc00 && *low >= 0xdc00 && *low < 0xe000) {
    std::array<char, 16> escape{};
    std::snprintf(escape.data(), escape.size(), "\\U%08X",
                  0x10000 + ((*high - 0xd800) << 10) + (*low - 0xdc00));
    result += escape.data();
    return 12;
  }
  result += text.substr(offset, 2);
  return 2;
}

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

bool check_text(std::string_view text, Problems& problems, size_t most_bytes) {
  if (text.size() > most_bytes) {
    problems.add({1, 1}, "",
                 "is longer than " + human_bytes(static_cast<int64_t>(most_bytes)) +
                     ", the most that a manifest may have; put long texts into files (fromFile)");
    return false;
  }
  for (size_t i = 0; i < text.size();) {
    const size_t size = character_size(text.substr(i));
    if (size == 0) {
      problems.add(place_of(text, i), "", "is not UTF-8; save the file as UTF-8");
      return false;
    }
    if (!is_allowed(text[i])) {
      problems.add(place_of(text, i), "",
                   "a control character; remove it, or write an escape in double quotes");
      return false;
    }
    i += size;
  }
  return true;
}

std::string parser_text(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || (text[first] != '{' && text[first] != '[')) return std::string(text);
  std::string result;
  result.reserve(text.size());
  bool quoted = false;
  for (size_t i = 0; i < text.size();) {
    if (quoted && text[i] == '\\') {
      i += copy_escape(text, i, result);
      continue;
    }
    if (text[i] == '"') quoted = !quoted;
    result += !quoted && text[i] == '\t' ? ' ' : text[i];
    ++i;
  }
  return result;
}

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
