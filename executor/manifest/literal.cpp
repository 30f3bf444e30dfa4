#include "manifest/literal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace studyctl {
namespace {

constexpr std::array<std::string_view, 22> kBooleans = {
    "y", "Y", "yes", "Yes", "YES", "on",  "On",  "ON",  "true",  "True",  "TRUE",
    "n", "N", "no",  "No",  "NO",  "off", "Off", "OFF", "false", "False", "FALSE"};
constexpr std::array<std::string_view, 5> kNulls = {"", "~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 13> kNotFinite = {".inf",  ".Inf",  ".INF",  "+.inf", "+.Inf",
                                                         "+.INF", "-.inf", "-.Inf", "-.INF", ".nan",
                                                         ".NaN",  ".NAN",  "-.nan"};

template <size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

size_t digits_at(std::string_view text, size_t at, std::string_view digits = "0123456789") {
  const size_t end = text.find_first_not_of(digits, at);
  return (end == std::string_view::npos ? text.size() : end) - at;
}

// [-+]? 0x… 0o… 0b…: with digits that fit.
bool is_based_integer(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text.size() < 3 || text[0] != '0') return false;
  switch (text[1]) {
    case 'x':
    case 'X': return digits_at(text, 2, "0123456789abcdefABCDEF") == text.size() - 2;
    case 'o':
    case 'O': return digits_at(text, 2, "01234567") == text.size() - 2;
    case 'b':
    case 'B': return digits_at(text, 2, "01") == text.size() - 2;
    default: return false;
  }
}

// [-+]? (.digits | digits [. digits]) [e [+-] digits]
bool is_decimal(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const size_t whole = digits_at(text, 0);
  size_t at = whole;
  size_t fraction = 0;
  if (at < text.size() && text[at] == '.') {
    fraction = digits_at(text, at + 1);
    at += 1 + fraction;
  }
  if (whole + fraction == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const size_t exponent = digits_at(text, at);
    if (exponent == 0) return false;
    at += exponent;
  }
  return at == text.size();
}

bool is_number(std::string_view text) {
  if (text.empty() || std::string_view("+-.0123456789").find(text[0]) == std::string_view::npos) return false;
  if (is_one_of(text, kNotFinite)) return true;
  std::string without(text);
  without.erase(std::remove(without.begin(), without.end(), '_'), without.end());
  return is_decimal(without) || is_based_integer(without);
}

// Whether `text`, which is a number, is written as canonical JSON writes it.
bool is_canonical_number(std::string_view text) {
  if (!is_decimal(text)) return false;
  int64_t integer = 0;
  const auto whole = std::from_chars(text.data(), text.data() + text.size(), integer);
  if (whole.ec == std::errc() && whole.ptr == text.data() + text.size())
    return std::to_string(integer) == text;
  double number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  return end.ec == std::errc() && end.ptr == text.data() + text.size() && std::isfinite(number) &&
         canonical_number(number) == text;
}

}  // namespace

Value::Kind plain_kind(std::string_view text) {
  if (is_one_of(text, kNulls)) return Value::Kind::Null;
  if (is_one_of(text, kBooleans)) return Value::Kind::Boolean;
  return is_number(text) ? Value::Kind::Number : Value::Kind::String;
}

std::string canonical_number(double number) {
  if (number == 0) return "0";
  const double size = std::fabs(number);
  const bool scientific = size < 1e-6 || size >= 1e21;
  std::array<char, 400> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                 scientific ? std::chars_format::scientific : std::chars_format::fixed);
  std::string text(buffer.data(), end.ptr);
  // JSON's exponent has no leading zeros: 1e-07 is 1e-7.
  const size_t exponent = text.find('e');
  if (exponent != std::string::npos && text[exponent + 2] == '0') text.erase(exponent + 2, 1);
  return text;
}

bool is_own_meaning(std::string_view text) {
  switch (plain_kind(text)) {
    case Value::Kind::Null: return text == "null";
    case Value::Kind::Boolean: return text == "true" || text == "false";
    case Value::Kind::Number: return is_canonical_number(text);
    case Value::Kind::String: return true;
  }
  return true;
}

Result<Value> value_of(const Node& node) {
  switch (node.kind) {
    case Node::Kind::Quoted:
      if (node.text.find('\0') != std::string::npos) {
        return Error{ErrorCode::Invalid, "has a NUL character in it; remove it"};
      }
      return Value{Value::Kind::String, node.text};
    case Node::Kind::Sequence:
    case Node::Kind::Map:
      return Error{ErrorCode::Invalid,
                   "must be text, a number or a boolean, is " + std::string(kind_words(node))};
    case Node::Kind::Null:
      if (node.text.empty())
        return Error{ErrorCode::Invalid, "a value is missing; write null, or \"\" for no text"};
      break;
    case Node::Kind::Plain: break;
  }
  if (!is_own_meaning(node.text)) {
    return Error{ErrorCode::Invalid, shortened(node.text) + " means something else to kubectl; quote it: \"" +
                                         shortened(node.text) + "\""};
  }
  return Value{plain_kind(node.text), node.text};
}

}  // namespace studyctl
