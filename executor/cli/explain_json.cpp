#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/explain.h"
#include "study/study_schema.h"

namespace studyctl {
namespace {

using Json = nlohmann::ordered_json;

// A node with what it refers to put in; what it says itself goes first.
Json resolved(const Json& schema, const Json& node) {
  if (!node.contains("$ref")) return node;
  Json merged = schema.at(Json::json_pointer(node.at("$ref").get<std::string>().substr(1)));
  merged = resolved(schema, merged);
  for (const auto& [key, value] : node.items())
    if (key != "$ref") merged[key] = value;
  return merged;
}

std::vector<Json> alternatives(const Json& schema, const Json& node) {
  std::vector<Json> all;
  for (const char* key : {"anyOf", "oneOf"}) {
    if (!node.contains(key)) continue;
    for (const Json& one : node.at(key)) all.push_back(resolved(schema, one));
  }
  return all;
}

// "Retry | Fail", "list of text", "map".
std::string type_words(const Json& schema, const Json& node) {
  std::vector<std::string> words;
  if (node.contains("const")) return node.at("const").get<std::string>();
  if (node.contains("enum")) {
    for (const Json& one : node.at("enum"))
      words.push_back(one.is_string() ? one.get<std::string>() : one.dump());
    return join(words, " | ");
  }
  if (node.contains("items")) return "list of " + type_words(schema, resolved(schema, node.at("items")));
  if (node.contains("type")) {
    const Json& type = node.at("type");
    for (const Json& one : type.is_array() ? type : Json::array({type})) {
      const std::string word = one.get<std::string>();
      words.push_back(word == "object" ? "map" : word == "string" ? "text" : word == "array" ? "list" : word);
    }
    return join(words, " or ");
  }
  for (const Json& one : alternatives(schema, node)) {
    const std::string word = type_words(schema, one);
    if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
  }
  return words.empty() ? "any value" : join(words, " or ");
}

// The node whose fields a path enters: of a list its items, of alternatives the first that has fields.
Json with_fields(const Json& schema, const Json& node) {
  if (node.contains("items")) return with_fields(schema, resolved(schema, node.at("items")));
  if (node.contains("properties") || node.contains("additionalProperties")) return node;
  for (const Json& one : alternatives(schema, node)) {
    Json inside = with_fields(schema, one);
    if (inside.contains("properties")) return inside;
  }
  return node;
}

Result<Json> entered(const Json& schema, const Json& node, const std::string& name,
                     const std::string& so_far) {
  const Json inside = with_fields(schema, node);
  const Json properties = inside.value("properties", Json::object());
  if (properties.contains(name)) return resolved(schema, properties.at(name));
  if (inside.contains("additionalProperties") && inside.at("additionalProperties").is_object())
    return resolved(schema, inside.at("additionalProperties"));
  std::vector<std::string> known;
  for (const auto& [key, value] : properties.items()) known.push_back(key);
  const std::string where = so_far.empty() ? "a Study" : so_far;
  if (known.empty()) return Error{ErrorCode::NotFound, where + " has no fields"};
  const auto meant = nearest(name, known);
  return Error{ErrorCode::NotFound,
               where + " has no field '" + name + "'" +
                   (meant ? ", did you mean '" + *meant + "'?" : ": it has " + join(known, ", "))};
}

std::string facts_of(const Json& schema, const Json& node, bool required) {
  std::string facts = "<" + type_words(schema, node) + ">";
  if (required) facts += " required";
  if (node.contains("default")) {
    const Json& value = node.at("default");
    facts += ", default " + (value.is_string() ? value.get<std::string>() : value.dump());
  }
  return facts;
}

void list_fields(const Json& schema, const Json& node, const ExplainOptions& options, size_t indent,
                 std::string& text) {
  const Json inside = with_fields(schema, node);
  const Json required = inside.value("required", Json::array());
  const Json properties = inside.value("properties", Json::object());
  for (const auto& [name, field] : properties.items()) {
    const Json child = resolved(schema, field);
    const bool is_required = std::find(required.begin(), required.end(), name) != required.end();
    text += std::string(indent, ' ') + name + "  " + facts_of(schema, child, is_required) + "\n";
    if (child.contains("description") && !options.recursive)
      text += std::string(indent + 4, ' ') + child.at("description").get<std::string>() + "\n";
    if (options.recursive) list_fields(schema, child, options, indent + 2, text);
  }
}

}  // namespace

Result<std::string> explain(const ExplainOptions& options) {
  const Json schema = Json::parse(study_schema());
  Json node = schema;
  std::string so_far;
  for (const std::string& name :
       options.field.empty() ? std::vector<std::string>{} : split(options.field, '.')) {
    if (so_far.empty() && (name == "study" || name == "Study") && node == schema) continue;
    auto next = entered(schema, node, name, so_far);
    if (!next) return std::move(next).error();
    node = std::move(*next);
    so_far += (so_far.empty() ? "" : ".") + name;
  }
  std::string text = "KIND:     Study\nVERSION:  studyctl.io/v1alpha1\n";
  if (!so_far.empty()) text += "FIELD:    " + so_far + " " + facts_of(schema, node, false) + "\n";
  if (node.contains("description")) text += "\n" + node.at("description").get<std::string>() + "\n";
  std::string fields;
  list_fields(schema, node, options, 2, fields);
  return fields.empty() ? text : text + "\nFIELDS:\n" + fields;
}

}  // namespace studyctl
