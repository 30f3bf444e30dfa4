#include "model/requirement.h"

#include <algorithm>

#include "base/decimal.h"
#include "base/text.h"

namespace studyctl {
namespace {

using Is = Requirement::Is;

bool compares(Is is, std::string_view text, std::string_view bound) {
  const auto order = compare_decimals(text, bound);
  if (!order) return false;
  switch (is) {
    case Is::Greater: return *order > 0;
    case Is::GreaterOrEqual: return *order >= 0;
    case Is::Less: return *order < 0;
    default: return *order <= 0;
  }
}

// As -l reads it back.
std::string quoted(const std::string& text) {
  const bool is_plain =
      !text.empty() && trim(text) == text && text.find_first_of(",()=<>~!\"'\\") == std::string::npos;
  if (is_plain) return text;
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

std::string_view sign_of(Is is) {
  switch (is) {
    case Is::In: return "=";
    case Is::NotIn: return "!=";
    case Is::Greater: return ">";
    case Is::GreaterOrEqual: return ">=";
    case Is::Less: return "<";
    case Is::LessOrEqual: return "<=";
    case Is::Like: return "~";
    case Is::NotLike: return "!~";
  }
  return "";
}

}  // namespace

bool Requirement::holds(const Value* value) const {
  if (value == nullptr) return holds_without;
  const auto any = [&](auto matches) { return std::any_of(values.begin(), values.end(), matches); };
  const auto is_same = [&](const Value& listed) { return listed.text == value->text; };
  const auto is_like = [&](const Value& glob) { return glob_match(glob.text, value->text); };
  switch (is) {
    case Is::In: return any(is_same);
    case Is::NotIn: return !any(is_same);
    case Is::Like: return any(is_like);
    case Is::NotLike: return !any(is_like);
    default: return any([&](const Value& bound) { return compares(is, value->text, bound.text); });
  }
}

bool all_hold(const std::vector<Requirement>& requirements,
              const std::function<const Value*(const std::string& name)>& find) {
  return std::all_of(requirements.begin(), requirements.end(), [&](const Requirement& requirement) {
    return requirement.holds(find(requirement.name));
  });
}

std::string text_of(const Requirement& requirement) {
  const std::string& name = requirement.name;
  const bool negates = requirement.is == Is::NotIn;
  std::vector<std::string> texts;
  for (const Value& value : requirement.values) texts.push_back(quoted(value.text));
  if (texts.empty()) return (negates ? "" : "!") + name;
  const bool is_set = requirement.is == Is::In || negates;
  if (is_set && texts.size() > 1) return name + (negates ? " notin (" : " in (") + join(texts, ", ") + ")";
  return name + std::string(sign_of(requirement.is)) + join(texts, "|");
}

bool compares_numbers(Is is) {
  return is == Is::Greater || is == Is::GreaterOrEqual || is == Is::Less || is == Is::LessOrEqual;
}

}  // namespace studyctl
