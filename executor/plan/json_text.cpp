#include "plan/json_text.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/text.h"

namespace studyctl {

namespace {

// Nothing in it is escaped: so it is with nearly all.
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; });
}

}  // namespace

std::string json_escaped(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  std::string result;
  result.reserve(text.size());
  for (const char c : to_utf8(text)) {
    switch (c) {
      case '"': result += "\\\""; break;
      case '\\': result += "\\\\"; break;
      case '\b': result += "\\b"; break;
      case '\t': result += "\\t"; break;
      case '\n': result += "\\n"; break;
      case '\f': result += "\\f"; break;
      case '\r': result += "\\r"; break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20) {
          result += c;
        } else {
          std::array<char, 8> escape{};
          std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
          result += escape.data();
        }
    }
  }
  return result;
}

std::string json_string(std::string_view text) {
  std::string result = "\"";
  result += json_escaped(text);
  return result += '"';
}

std::string json_value(const Value& value) {
  switch (value.kind) {
    case Value::Kind::Null: return "null";
    case Value::Kind::Boolean:
    case Value::Kind::Number: return value.text;
    case Value::Kind::String: return json_string(value.text);
  }
  return "null";
}

}  // namespace studyctl
