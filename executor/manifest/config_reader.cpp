#include "manifest/config_reader.h"

#include <array>

#include "base/hash.h"

namespace studyctl {
namespace {

constexpr std::array<Field, 7> kSecretFields = {
    {{"apiVersion"}, {"kind"}, {"metadata"}, {"data"}, {"stringData"}, {"type"}, {"immutable"}}};
constexpr std::array<Field, 6> kConfigFields = {
    {{"apiVersion"}, {"kind"}, {"metadata"}, {"data"}, {"binaryData"}, {"immutable"}}};

std::string read_name(Problems& problems, const Fields& fields) {
  const auto metadata = fields.require("metadata", "write metadata: {name: NAME}");
  if (!metadata) return {};
  // What else kubectl writes there is no concern of ours.
  const Node* name = metadata->node->find("name");
  if (!name) {
    problems.add(metadata->node->place, "metadata.name", "is missing; containers refer to it by name");
    return {};
  }
  const auto text = read_text(problems, {name, "metadata.name"});
  if (text && !is_object_name(*text)) {
    problems.add(name->place, "metadata.name",
                 "'" + shortened(*text) + "' is no Kubernetes name; use a-z, 0-9, - and .");
  }
  return text.value_or("");
}

// `plain`: the field for texts as they are.
void read_data(Problems& problems, const Fields& fields, std::string_view name, std::string_view plain,
               std::map<std::string, std::string>& data) {
  const auto item = fields.find(name);
  if (!item) return;
  if (item->node->kind != Node::Kind::Map) {
    problems.add(item->node->place, item->path, "must be a map of keys and texts");
    return;
  }
  for (const Node::Entry& entry : item->node->entries) {
    const std::string path = item->path + "." + entry.key;
    check_key(problems, entry, path);
    if (!is_data_key(entry.key)) problems.add(entry.place, path, "is no key; use letters, digits, - _ and .");
    const Node& value = *entry.value;
    // Not read_text(): its messages show the value.
    if (value.kind != Node::Kind::Quoted &&
        !(value.kind == Node::Kind::Plain && kind_words(value) == "text")) {
      problems.add(value.place, path, "must be text, is " + std::string(kind_words(value)) + "; quote it");
      continue;
    }
    const auto decoded = name != plain ? from_base64(value.text) : std::optional(value.text);
    if (decoded) {
      data[entry.key] = *decoded;
    } else {
      problems.add(value.place, path, "is not base64; write plain text under " + std::string(plain));
    }
  }
}

}  // namespace

SecretDocument read_secret(Problems& problems, const Node& document) {
  const Fields fields(problems, {&document, ""}, kSecretFields);
  SecretDocument secret{read_name(problems, fields), {}};
  read_data(problems, fields, "data", "stringData", secret.data);
  read_data(problems, fields, "stringData", "stringData", secret.data);
  return secret;
}

ConfigMapDocument read_config_map(Problems& problems, const Node& document) {
  const Fields fields(problems, {&document, ""}, kConfigFields);
  ConfigMapDocument config{read_name(problems, fields), {}};
  read_data(problems, fields, "data", "data", config.data);
  read_data(problems, fields, "binaryData", "data", config.data);
  return config;
}

}  // namespace studyctl
