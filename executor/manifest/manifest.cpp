#include "manifest/manifest.h"

#include <algorithm>

#include "base/text.h"
#include "manifest/config_reader.h"
#include "manifest/document.h"
#include "manifest/overrides.h"
#include "manifest/study_reader.h"
#include "manifest/written_study.h"

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

template <class Document>
void add_named(std::vector<Document>& documents, Document document, const Node& node, Problems& problems) {
  const bool is_known = !document.name.empty() &&
                        std::any_of(documents.begin(), documents.end(),
                                    [&](const Document& other) { return other.name == document.name; });
  if (is_known)
    problems.add(node.place, "metadata.name",
                 "'" + shortened(document.name) + "' is in this file already; keep one");
  documents.push_back(std::move(document));
}

void read_configs(const Sorted& sorted, Manifest& manifest, Problems& problems) {
  for (const Node* node : sorted.secrets)
    add_named(manifest.secrets, read_secret(problems, *node), *node, problems);
  for (const Node* node : sorted.configs)
    add_named(manifest.configs, read_config_map(problems, *node), *node, problems);
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
  read_configs(sorted, manifest, problems);
  if (sorted.studies.empty()) return problems.error();

  const Node& study = apply_overrides(documents, *sorted.studies[0], overrides, problems);
  manifest.study = read_study(problems, study, manifest.configs, overrides.find_config);
  if (problems.any()) return problems.error();
  manifest.applied_json = applied(study, manifest.configs);
  manifest.warnings = problems.warnings();
  return manifest;
}

}  // namespace

Result<Manifest> read_manifest(std::string_view text, const std::string& file, const Overrides& overrides) {
  return read_text(text, file, overrides, kMostBytes);
}

Result<Manifest> read_applied(std::string_view json, const std::string& file) {
  return read_text(json, file, {}, kMostAppliedBytes);
}

}  // namespace studyctl
