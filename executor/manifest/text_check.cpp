#include "manifest/text_check.h"

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

}  // namespace studyctl
