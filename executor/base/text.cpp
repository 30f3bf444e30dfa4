#include "base/text.h"

#include <algorithm>
#include <cctype>
#include <numeric>

namespace studyctl {
namespace {

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

size_t character_size(std::string_view text) {
  size_t size = 1;
  while (size < text.size() && is_continuation(text[size])) ++size;
  return size;
}

// Levenshtein's distance, or anything above `limit` once it must be above it.
size_t edits_between(std::string_view a, std::string_view b, size_t limit) {
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > limit) return limit + 1;
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

struct Decoded {
  uint32_t code = 0;
  size_t size = 0;  // 0: not UTF-8
};

// The first character of `text`, which is not empty.
Decoded decode(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return {byte(0), 1};
  const size_t size = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < size) return {};
  uint32_t code = byte(0) & (0xffu >> (size + 1));
  for (size_t i = 1; i < size; ++i) {
    if (!is_continuation(text[i])) return {};
    code = (code << 6) | (byte(i) & 0x3fu);
  }
  const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (overlong || surrogate || code > 0x10ffff) return {};
  return {code, size};
}

// Escape sequences begin with one, and so do the characters that reverse the direction of what follows.
bool is_control(uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x2028 || code == 0x2029 ||
         (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  std::string text;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += separator;
    text += parts[i];
  }
  return text;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

bool glob_match(std::string_view pattern, std::string_view text) {
  // The place after the last `*`, and where in the text it was tried last.
  std::optional<std::string_view> after_star;
  std::string_view tried;
  while (!text.empty()) {
    if (!pattern.empty() && pattern.front() == '*') {
      after_star = pattern = pattern.substr(1);
      tried = text;
    } else if (!pattern.empty() && pattern.front() == '?') {
      pattern.remove_prefix(1);
      text.remove_prefix(character_size(text));
    } else if (!pattern.empty() && pattern.front() == text.front()) {
      pattern.remove_prefix(1);
      text.remove_prefix(1);
    } else if (after_star) {
      pattern = *after_star;
      tried.remove_prefix(character_size(tried));
      text = tried;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*') == std::string_view::npos;
}

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates) {
  constexpr size_t kMostEdits = 2;
  const std::string wanted = lower(word);
  // Two edits make any two letters of any other two.
  size_t best = std::min(kMostEdits + 1, std::max<size_t>(wanted.size(), 1));
  std::optional<std::string> found;
  for (const std::string& candidate : candidates) {
    const size_t edits = edits_between(wanted, lower(candidate), kMostEdits);
    if (edits >= best) continue;
    best = edits;
    found = candidate;
  }
  return found;
}

std::string to_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const Decoded character = decode(bytes);
    if (character.size == 0) {
      text += "\xEF\xBF\xBD";
      bytes.remove_prefix(1);
    } else {
      text += bytes.substr(0, character.size);
      bytes.remove_prefix(character.size);
    }
  }
  return text;
}

namespace {

constexpr char kEscape = '\x1b';

// The length of the escape sequence that `text` begins with (ECMA-48, 5.4: ESC [ parameters final; ESC ] …
// BEL).
size_t length_of_escape(std::string_view text) {
  if (text.size() < 2) return text.size();
  if (text[1] == ']') {
    const size_t end = text.find_first_of("\x07\x1b", 2);
    if (end == std::string_view::npos) return text.size();
    return text[end] == kEscape ? std::min(end + 2, text.size()) : end + 1;
  }
  if (text[1] != '[') return 1;
  for (size_t i = 2; i < text.size(); ++i)
    if (text[i] >= 0x40 && text[i] <= 0x7e) return i + 1;
  return text.size();
}

}  // namespace

std::string printable(std::string_view text) {
  const std::string valid = to_utf8(text);
  std::string result;
  result.reserve(valid.size());
  for (std::string_view rest = valid; !rest.empty();) {
    if (rest.front() == kEscape) {
      rest.remove_prefix(length_of_escape(rest));
      continue;
    }
    const Decoded character = decode(rest);
    if (is_space(rest.front())) {
      result += ' ';
    } else if (is_control(character.code)) {
      result += '?';
    } else {
      result += rest.substr(0, character.size);
    }
    rest.remove_prefix(character.size);
  }
  return result;
}

}  // namespace studyctl
