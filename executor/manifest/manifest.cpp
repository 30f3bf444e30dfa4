#include "manifest/manifest.h"

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"
#include "manifest/document.h"
#include "manifest/inputs.h"
#include "manifest/overrides.h"
#include "manifest/parts.h"

namespace studyctl {
namespace {

std::string text_of(const Node& document, std::string_view key) {
  const Node* node = document.find(key);
  return node && node->is_scalar() ? node->text : "";
}

// The nodes of one file, by kind.
struct Sorted {
  std::vector<const Node*> studies, secrets, configs;
};

void check_version(const Node& document, std::string_view wanted, Problems& problems) {
  const Node* version = document.find("apiVersion");
  if (!version) {
    problems.add(document.place, "apiVersion", "is missing; write apiVersion: " + std::string(wanted));
  } else if (text_of(document, "apiVersion") != wanted) {
    problems.add(version->place, "apiVersion",
                 "must be " + std::string(wanted) + ", is " +
                     (version->is_scalar() ? shortened(version->text) : std::string(kind_words(*version))));
  }
}

void sort_document(const Node& document, Sorted& sorted, Problems& problems) {
  if (document.kind != Node::Kind::Map) {
    problems.add(
        document.place, "",
        "must be a map with apiVersion, kind, metadata and spec, is " + std::string(kind_words(document)));
    return;
  }
  const std::string kind = text_of(document, "kind");
  if (kind == "Study") {
    check_version(document, kApiVersion, problems);
    sorted.studies.push_back(&document);
  } else if (kind == "Secret" || kind == "ConfigMap") {
    check_version(document, "v1", problems);
    (kind == "Secret" ? sorted.secrets : sorted.configs).push_back(&document);
  } else if (const Node* node = document.find("kind")) {
    const std::vector<std::string> kinds = {"Study", "Secret", "ConfigMap"};
    problems.add(node->place, "kind", unknown_name("", kind, kinds));
  } else {
    problems.add(document.place, "kind", "is missing; write kind: Study");
  }
}

// The name of a Secret or a ConfigMap. What else kubectl writes into metadata is no concern of ours.
std::string read_name(Fields& fields) {
  const auto metadata = fields.require("metadata", "write metadata: {name: NAME}");
  if (!metadata) return {};
  const Node* name = metadata->node->find("name");
  if (!name) {
    fields.problems().add(metadata->node->place, "metadata.name",
                          "is missing; containers refer to it by name");
    return {};
  }
  const auto text = read_text(fields.problems(), {name, "metadata.name"});
  if (text && !is_object_name(*text)) {
    fields.problems().add(name->place, "metadata.name",
                          "'" + shortened(*text) + "' " + std::string(kNoObjectName));
  }
  return text.value_or("");
}

// `plain`: the field for texts as they are; the other's are in base64.
void read_data(Fields& fields, std::string_view name, std::string_view plain,
               std::map<std::string, std::string>& data) {
  Problems& problems = fields.problems();
  for (const auto& [path, entry] :
       entries_of(fields.reading(), fields.find(name), "must be a map of keys and texts")) {
    if (!is_data_key(entry.key)) problems.add(entry.place, path, "is no key; use letters, digits, - _ and .");
    const Node& value = *entry.value;
    // Not read_text(): its messages show the value.
    if (kind_words(value) != "text") {
      problems.add(value.place, path, "must be text, is " + std::string(kind_words(value)) + "; quote it");
      continue;
    }
    const auto decoded = name == plain ? std::optional(value.text) : from_base64(value.text);
    if (decoded) {
      data[entry.key] = *decoded;
    } else {
      problems.add(value.place, path, "is not base64; write plain text under " + std::string(plain));
    }
  }
}

// Where a document keeps texts as they are, and where in base64.
struct DataFields {
  std::string_view plain, coded;
};
constexpr DataFields kSecretFields{"stringData", "data"};
constexpr DataFields kConfigFields{"data", "binaryData"};

// A Secret or a ConfigMap. No message shows what is in it.
template <class Document>
void read_data_document(Reading& reading, const Node& node, const DataFields& data,
                        std::vector<Document>& documents, Names& names) {
  Fields fields(reading, {&node, ""});
  for (const char* known : {"apiVersion", "kind", "immutable"}) fields.find(known);
  if (data.plain == kSecretFields.plain) fields.find("type");
  Document document{read_name(fields), {}};
  read_data(fields, data.coded, data.plain, document.data);
  read_data(fields, data.plain, data.plain, document.data);
  names.add({&node, "metadata.name"}, document.name);
  documents.push_back(std::move(document));
}

void read_data_documents(Reading& reading, const Sorted& sorted, Manifest& manifest) {
  Names secrets(reading.problems);
  Names configs(reading.problems);
  for (const Node* node : sorted.secrets)
    read_data_document(reading, *node, kSecretFields, manifest.secrets, secrets);
  for (const Node* node : sorted.configs)
    read_data_document(reading, *node, kConfigFields, reading.configs, configs);
}

Written written_config(const ConfigMapDocument& config) {
  Written::Map texts, bytes;
  for (const auto& [key, value] : config.data) {
    const bool is_text = to_utf8(value) == value;
    (is_text ? texts : bytes).emplace_back(key, Written::text(is_text ? value : to_base64(value)));
  }
  return {Written::Map{{"apiVersion", Written::text("v1")},
                       {"kind", Written::text("ConfigMap")},
                       {"metadata", Written{Written::Map{{"name", Written::text(config.name)}}}},
                       {"data", Written{std::move(texts)}},
                       {"binaryData", Written{std::move(bytes)}}}};
}

std::vector<std::string> names_of(const std::vector<ConfigMapDocument>& configs) {
  std::vector<std::string> names;
  for (const ConfigMapDocument& config : configs) names.push_back(config.name);
  return names;
}

// By its hash a Study is another object where only a file of it is another.
void annotate_inputs(Written& study, const std::vector<ConfigMapDocument>& inputs) {
  Written::List contents;
  for (const ConfigMapDocument& one : inputs) contents.push_back(written_config(one));
  const std::string hash = sha256_hex(json_of({std::move(contents)}, Keys::Sorted)).substr(0, 16);
  for (auto& [field, metadata] : std::get<Written::Map>(study.data)) {
    if (field != "metadata") continue;
    Written annotations{
        Written::Map{{std::string(kInputsAnnotation), Written::text(join(names_of(inputs), ","))},
                     {std::string(kInputsHashAnnotation), Written::text(hash)}}};
    std::get<Written::Map>(metadata.data).emplace_back("annotations", std::move(annotations));
  }
}

std::string applied(const Node& study, const std::vector<ConfigMapDocument>& configs) {
  std::string text = json_of(written_node(study), Keys::AsWritten);
  for (const ConfigMapDocument& config : configs)
    text += "\n---\n" + json_of(written_config(config), Keys::AsWritten);
  return text;
}

void check_studies(const Sorted& sorted, const Documents& documents, Problems& problems) {
  for (size_t i = 1; i < sorted.studies.size(); ++i) {
    problems.add(sorted.studies[i]->place, "",
                 "a second Study; the first is at " + problems.source().describe(sorted.studies[0]->place) +
                     ": put each in a file of its own");
  }
  if (documents.roots.empty()) {
    problems.add({1, 1}, "", "is empty; a manifest begins with apiVersion: " + std::string(kApiVersion));
  } else if (sorted.studies.empty() && !problems.any()) {
    problems.add({1, 1}, "", "has no Study; add a document with kind: Study");
  }
}

// The ConfigMaps that metadata.annotations names for its files.
std::vector<ConfigMapDocument> read_inputs(Reading& reading, const Node& study) {
  std::vector<ConfigMapDocument> inputs;
  const Node* metadata = study.find("metadata");
  const Node* annotations = metadata ? metadata->find("annotations") : nullptr;
  const Node* names = annotations ? annotations->find(kInputsAnnotation) : nullptr;
  if (!names || !names->is_scalar()) return inputs;
  const size_t known = reading.configs.size();
  for (const std::string& name : split(names->text, ',')) {
    Node one = *names;
    one.text = trim(name);
    const std::string path = "metadata.annotations." + std::string(kInputsAnnotation);
    if (const auto* data = find_config(reading, {&one, path})) inputs.push_back({one.text, *data});
  }
  // Its files are kept with a run by themselves.
  reading.configs.resize(known);
  return inputs;
}

Result<Manifest> read_text(std::string_view text, const std::string& file, const Overrides& overrides,
                           size_t most_bytes) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  Source source(file, text.substr(0, most_bytes));
  Problems problems(source);
  Documents documents = read_documents(text, problems, most_bytes);
  if (documents.roots.empty() && problems.any()) return problems.error();

  Sorted sorted;
  for (const Node* document : documents.roots) sort_document(*document, sorted, problems);
  check_studies(sorted, documents, problems);
  Manifest manifest;
  manifest.file = file;
  const Overrides::ReadInput read_input = with_inputs(manifest.inputs, overrides.read_input);
  Reading reading{problems, overrides.find_config, read_input};
  read_data_documents(reading, sorted, manifest);
  if (sorted.studies.empty()) return problems.error();

  const Node& study = apply_overrides(documents, *sorted.studies[0], overrides, problems);
  if (most_bytes == kMostBytes) manifest.inputs = read_inputs(reading, study);
  manifest.study = read_study(reading, study);
  manifest.retention = reading.retention;
  manifest.notifications = std::move(reading.notifications);
  manifest.configs = std::move(reading.configs);
  if (problems.any()) return problems.error();
  manifest.applied_json = applied(study, manifest.configs);
  manifest.warnings = problems.warnings();
  return manifest;
}

}  // namespace

Result<Manifest> read_manifest(std::string_view text, const std::string& file, const Overrides& overrides) {
  return read_text(text, file, overrides, kMostBytes);
}

Result<Manifest> read_applied(std::string_view json, const std::string& file, const Overrides& overrides) {
  return read_text(json, file, overrides, kMostAppliedBytes);
}

std::string to_yaml(const Manifest& manifest) {
  Written study = written_study(manifest.study, manifest.retention, manifest.notifications);
  std::string text;
  // What the Study names is there before it is.
  for (const ConfigMapDocument& config : manifest.inputs) text += yaml_of(written_config(config)) + "---\n";
  if (!manifest.inputs.empty()) annotate_inputs(study, manifest.inputs);
  text += yaml_of(study);
  const std::vector<std::string> written = names_of(manifest.inputs);
  for (const ConfigMapDocument& config : manifest.configs)
    if (std::find(written.begin(), written.end(), config.name) == written.end())
      text += "---\n" + yaml_of(written_config(config));
  return text;
}

std::string design_json(const Manifest& manifest) {
  const Study& study = manifest.study;
  FieldWriter design;
  // The order of writing counts: the first axis varies slowest.
  FieldWriter points;
  write_points(points, study);
  design.put("points", Written::text(json_of(points.take(), Keys::AsWritten)));
  design.put("template", written_pod(study.pod));
  design.put("files", written_files(study.files));
  if (!study.checkpoint_path.empty()) design.put("checkpoint", Written::text(study.checkpoint_path));
  design.put("results", written_results(study.results));
  Written::List configs;
  for (const ConfigMapDocument& config : manifest.configs) configs.push_back(written_config(config));
  design.put("configs", {std::move(configs)});
  const Written overrides = written_overrides(study.overrides, OverridePart::Design);
  if (!std::get<Written::List>(overrides.data).empty()) design.put("overrides", overrides);
  return json_of(design.take(), Keys::Sorted);
}

std::string execution_json(const Manifest& manifest) {
  Written execution = written_execution(manifest.study.execution);
  Written overrides = written_overrides(manifest.study.overrides, OverridePart::Execution);
  if (!std::get<Written::List>(overrides.data).empty())
    std::get<Written::Map>(execution.data).emplace_back("overrides", std::move(overrides));
  if (!manifest.notifications.empty())
    std::get<Written::Map>(execution.data)
        .emplace_back("notifications", notifications_by_name(manifest.notifications));
  if (manifest.retention.has_rules())
    std::get<Written::Map>(execution.data).emplace_back("retention", written_retention(manifest.retention));
  return json_of(execution, Keys::Sorted);
}

}  // namespace studyctl
