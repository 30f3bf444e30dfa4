#include "manifest/config_reader.h"

#include <array>

namespace studyctl {
namespace {

constexpr std::array<Field, 7> kSecretFields = {
    {{"apiVersion"}, {"kind"}, {"metadata"}, {"data"}, {"stringData"}, {"type"}, {"immutable"}}};
constexpr std::array<Field, 6> kConfigFields = {
    {{"apiVersion"}, {"kind"}, {"metadata"}, {"data"}, {"binaryData"}, {"immutable"}}};
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum class Encoding { Plain, Base64 };

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

void read_data(Problems& problems, const Fields& fields, std::string_view name, Encoding encoding,
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
    const auto decoded = encoding == Encoding::Base64 ? from_base64(value.text) : std::optional(value.text);
    if (decoded) {
      data[entry.key] = *decoded;
    } else {
      problems.add(value.place, path, "is not base64; write plain text under stringData");
    }
  }
}

}  // namespace

std::optional<std::string> from_base64(std::string_view text) {
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  size_t padding = 0;
  size_t digits = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == ' ') continue;
    ++digits;
    if (c == '=') {
      ++padding;
      continue;
    }
    const size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos || padding > 0) return std::nullopt;
    bits = (bits << 6 | static_cast<uint32_t>(digit)) & 0xffffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xff);
  }
  if (digits % 4 != 0 || padding > 2) return std::nullopt;
  return bytes;
}

SecretDocument read_secret(Problems& problems, const Node& document) {
  const Fields fields(problems, {&document, ""}, kSecretFields);
  SecretDocument secret{read_name(problems, fields), {}};
  read_data(problems, fields, "data", Encoding::Base64, secret.data);
  read_data(problems, fields, "stringData", Encoding::Plain, secret.data);
  return secret;
}

ConfigMapDocument read_config_map(Problems& problems, const Node& document) {
  const Fields fields(problems, {&document, ""}, kConfigFields);
  ConfigMapDocument config{read_name(problems, fields), {}};
  read_data(problems, fields, "data", Encoding::Plain, config.data);
  read_data(problems, fields, "binaryData", Encoding::Base64, config.data);
  return config;
}

}  // namespace studyctl
