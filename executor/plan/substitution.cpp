#include "plan/substitution.h"

#include <map>

#include "base/text.h"
#include "model/substitution.h"
#include "plan/experiment.h"

namespace studyctl {
namespace {

const std::string* find(const std::map<std::string, std::string>& values, std::string_view name) {
  const auto found = values.find(std::string(name));
  return found == values.end() ? nullptr : &found->second;
}

// What `name` stands for; null when nothing has that name.
const std::string* value_of(std::string_view name, const SubstitutionScope& scope) {
  const size_t dot = name.find('.');
  const std::string_view head = name.substr(0, dot);
  const std::string_view rest = name.substr(dot + 1);
  if (head == "params") {
    const Value* value = scope.point == nullptr ? nullptr : scope.point->find(rest);
    return value == nullptr ? nullptr : &value->text;
  }
  if (head == "source") return find(scope.source, rest);
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
  for (const auto& [name, value] : scope.source) names.push_back("source." + name);
  for (const auto& [name, value] : scope.run) names.push_back("run." + name);
  for (const auto& [name, value] : scope.experiment) names.push_back("experiment." + name);
  for (const auto& [name, value] : scope.resources) names.push_back("resources." + name);
  return names;
}

std::string without_escapes(std::string_view text) {
  constexpr std::string_view kEscape = "$${";
  std::string result;
  for (size_t at = text.find(kEscape); at != std::string_view::npos; at = text.find(kEscape)) {
    result += text.substr(0, at);
    result += "${";
    text.remove_prefix(at + kEscape.size());
  }
  return result += text;
}

// As the kubelet does it in command, args and env.
std::string expanded(std::string_view text, const std::map<std::string, std::string>& variables) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    result += text[i];
    if (text[i] != '$' || i + 1 == text.size()) continue;
    ++i;
    const size_t end = text[i] == '(' ? text.find(')', i) : std::string_view::npos;
    if (end == std::string_view::npos) {
      if (text[i] != '$') result += text[i];
      continue;
    }
    if (const std::string* value = find(variables, text.substr(i + 1, end - i - 1))) {
      result.pop_back();
      result += *value;
    } else {
      result += text.substr(i, end - i + 1);
    }
    i = end;
  }
  return result;
}

// That `name` ("params.modle") stands for nothing, with the nearest of those that do.
Error unknown_name(std::string_view name, const std::vector<std::string>& known) {
  std::string message = "${" + printable(name) + "}: nothing has this name";
  const std::optional<std::string> near = nearest(name, known);
  message += near ? "; did you mean ${" + *near + "}?" : "; for the text ${ write $${";
  return {ErrorCode::Invalid, message};
}

}  // namespace

Result<TextTemplate> TextTemplate::parse(std::string_view text) {
  const Result<std::vector<Substitution>> found = substitutions_in(text);
  if (!found) return found.error();
  TextTemplate result;
  size_t at = 0;
  const auto add_text_before = [&](size_t end) {
    const std::string_view source = text.substr(at, end - at);
    if (!source.empty()) result.pieces_.push_back({false, without_escapes(source), std::string(source)});
  };
  for (const Substitution& substitution : *found) {
    add_text_before(substitution.offset);
    result.pieces_.push_back({true, substitution.name,
                              std::string(text.substr(substitution.offset, substitution.size)),
                              substitution.fallback});
    at = substitution.offset + substitution.size;
  }
  add_text_before(text.size());
  return result;
}

TextTemplate TextTemplate::of_text(std::string_view text) {
  TextTemplate result;
  result.pieces_.push_back({false, std::string(text), std::string(text)});
  return result;
}

Result<std::string> substitute(std::string_view text, const SubstitutionScope& scope) {
  const Result<TextTemplate> parsed = TextTemplate::parse(text);
  if (!parsed) return parsed.error();
  std::string result;
  for (const TextTemplate::Piece& piece : parsed->pieces()) {
    const std::string* value = piece.is_reference ? value_of(piece.text, scope) : &piece.text;
    if (piece.fallback && (value == nullptr || value->empty())) value = &*piece.fallback;
    if (value == nullptr) return unknown_name(piece.text, names_in(scope));
    result += piece.is_reference || !scope.variables ? *value : expanded(*value, *scope.variables);
  }
  return result;
}

Result<std::vector<std::string>> names_used(std::string_view text) {
  const Result<std::vector<Substitution>> found = substitutions_in(text);
  if (!found) return found.error();
  std::vector<std::string> names;
  for (const Substitution& substitution : *found) names.push_back(substitution.name);
  return names;
}

}  // namespace studyctl
