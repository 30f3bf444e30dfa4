#include "plan/substitution.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "base/text.h"
#include "plan/experiment.h"

namespace studyctl {
namespace {

constexpr std::array<std::string_view, 5> kScopes = {"params.", "run.", "experiment.", "resources.",
                                                     "source."};

bool has_our_scope(std::string_view name) {
  return std::any_of(kScopes.begin(), kScopes.end(),
                     [&](std::string_view scope) { return name.starts_with(scope); });
}

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

// "run.seed", but not "file%.out" or "1.5", which shells know.
bool is_dotted_name(std::string_view text) {
  const size_t dot = text.find('.');
  if (dot == std::string_view::npos || (text[0] >= '0' && text[0] <= '9')) return false;
  const std::vector<std::string> words = split(text, '.');
  return std::all_of(words.begin(), words.end(), is_word);
}

const std::string* find(const std::map<std::string, std::string>& values, std::string_view name) {
  const auto found = values.find(std::string(name));
  return found == values.end() ? nullptr : &found->second;
}

// What `name` stands for; null when nothing has that name.
const std::string* value_of(std::string_view name, const SubstitutionScope& scope) {
  const size_t dot = name.find('.');
  const std::string_view rest = name.substr(dot + 1);
  const std::string_view head = name.substr(0, dot);
  if (head == "params") {
    const Value* value = scope.point == nullptr ? nullptr : scope.point->find(rest);
    return value == nullptr ? nullptr : &value->text;
  }
  if (head == "run") return find(scope.run, rest);
  if (head == "experiment") return find(scope.experiment, rest);
  if (head == "resources") return find(scope.resources, rest);
  return nullptr;
}

std::vector<std::string> names_in(const SubstitutionScope& scope) {
  std::vector<std::string> names;
  if (scope.point != nullptr) {
    for (const auto& [name, value] : scope.point->parameters) names.push_back("params." + name);
  }
  for (const auto& [name, value] : scope.run) names.push_back("run." + name);
  for (const auto& [name, value] : scope.experiment) names.push_back("experiment." + name);
  for (const auto& [name, value] : scope.resources) names.push_back("resources." + name);
  return names;
}

}  // namespace

Result<TextTemplate> TextTemplate::parse(std::string_view text) {
  TextTemplate result;
  while (!text.empty()) {
    const size_t dollar = std::min(text.find('$'), text.size());
    result.add_text(text.substr(0, dollar), text.substr(0, dollar));
    text.remove_prefix(dollar);
    if (text.starts_with("$${")) {
      result.add_text("${", "$${");
      text.remove_prefix(3);
      continue;
    }
    const std::string_view after = text.starts_with("${") ? text.substr(2) : std::string_view();
    const size_t close = after.find('}');
    const std::string_view name = after.substr(0, close);
    if (close == std::string_view::npos) {
      if (has_our_scope(after)) {
        return Error{ErrorCode::Invalid, "'" + printable(text.substr(0, 40)) +
                                             "' is not closed; write ${name}, or $${ for the text ${"};
      }
    } else if (has_our_scope(name) && name.find(":-") != std::string_view::npos) {
      return Error{ErrorCode::Invalid,
                   "'${" + printable(name) + "}': a default after :- is not supported yet"};
    } else if (has_our_scope(name) || is_dotted_name(name)) {
      result.pieces_.push_back({true, std::string(name), "${" + std::string(name) + "}"});
      text.remove_prefix(name.size() + 3);
      continue;
    }
    const size_t taken = std::min<size_t>(text.size(), 1);
    result.add_text(text.substr(0, taken), text.substr(0, taken));
    text.remove_prefix(taken);
  }
  return result;
}

TextTemplate TextTemplate::of_text(std::string_view text) {
  TextTemplate result;
  result.add_text(text, text);
  return result;
}

void TextTemplate::add_text(std::string_view text, std::string_view source) {
  if (text.empty()) return;
  if (pieces_.empty() || pieces_.back().is_reference) pieces_.emplace_back();
  pieces_.back().text += text;
  pieces_.back().source += source;
}

Error unknown_name(std::string_view name, const std::vector<std::string>& known) {
  std::string message = "'${" + printable(name) + "}': nothing has this name";
  if (name.starts_with("source.")) message = "'${" + printable(name) + "}': source is not supported yet";
  if (const auto near = nearest(name, known)) {
    message += "; did you mean ${" + *near + "}?";
  } else {
    message += "; $${ gives the text ${";
  }
  return {ErrorCode::Invalid, message};
}

Result<std::string> substitute(std::string_view text, const SubstitutionScope& scope) {
  const Result<TextTemplate> parsed = TextTemplate::parse(text);
  if (!parsed) return parsed.error();
  std::string result;
  for (const TextTemplate::Piece& piece : parsed->pieces()) {
    const std::string* value = piece.is_reference ? value_of(piece.text, scope) : &piece.text;
    if (value == nullptr) return unknown_name(piece.text, names_in(scope));
    result += *value;
  }
  return result;
}

Result<std::vector<std::string>> names_used(std::string_view text) {
  const Result<TextTemplate> parsed = TextTemplate::parse(text);
  if (!parsed) return parsed.error();
  std::vector<std::string> names;
  for (const TextTemplate::Piece& piece : parsed->pieces()) {
    if (piece.is_reference) names.push_back(piece.text);
  }
  return names;
}

}  // namespace studyctl
