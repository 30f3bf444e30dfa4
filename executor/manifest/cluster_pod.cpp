#include <array>

#include "manifest/document.h"
#include "manifest/parts.h"
#include "manifest/problems.h"

// What of a pod only a cluster knows: it is taken as it stands, and judged there.
namespace studyctl {
namespace {

enum class Shape : uint8_t { Map, List, Text, Flag };

constexpr std::array<std::pair<std::string_view, Shape>, 15> kFields = {
    {{"affinity", Shape::Map},
     {"automountServiceAccountToken", Shape::Flag},
     {"dnsConfig", Shape::Map},
     {"dnsPolicy", Shape::Text},
     {"hostAliases", Shape::List},
     {"nodeSelector", Shape::Map},
     {"preemptionPolicy", Shape::Text},
     {"priorityClassName", Shape::Text},
     {"resourceClaims", Shape::List},
     {"runtimeClassName", Shape::Text},
     {"schedulerName", Shape::Text},
     {"securityContext", Shape::Map},
     {"serviceAccountName", Shape::Text},
     {"tolerations", Shape::List},
     {"topologySpreadConstraints", Shape::List}}};

constexpr std::array<std::pair<std::string_view, Shape>, 11> kSidecarFields = {
    {{"envFrom", Shape::List},
     {"lifecycle", Shape::Map},
     {"livenessProbe", Shape::Map},
     {"ports", Shape::List},
     {"readinessProbe", Shape::Map},
     {"resizePolicy", Shape::List},
     {"startupProbe", Shape::Map},
     {"stdin", Shape::Flag},
     {"stdinOnce", Shape::Flag},
     {"terminationMessagePolicy", Shape::Text},
     {"tty", Shape::Flag}}};

bool is_of_shape(Fields& pod, std::string_view name, const Item& item, Shape shape) {
  Problems& problems = pod.problems();
  const Node& node = *item.node;
  bool flag = false;
  switch (shape) {
    case Shape::Text: return read_text(problems, item).has_value();
    case Shape::Flag: pod.flag(name, flag); return true;
    case Shape::Map:
      if (node.kind == Node::Kind::Map) return true;
      problems.add(node.place, item.path, "must be a map, is " + std::string(kind_words(node)));
      return false;
    case Shape::List:
      if (node.kind == Node::Kind::Sequence) return true;
      problems.add(node.place, item.path, "must be a list, is " + std::string(kind_words(node)));
      return false;
  }
  return false;
}

void take_as_json(Fields& map, std::string_view name, const Item& item,
                  std::map<std::string, std::string>& fields) {
  std::string json = json_of(written_node(*item.node), Keys::AsWritten);
  if (json.find("${") != std::string::npos)
    map.problem(name, "is the same for all experiments: nothing is put in for ${…} here");
  fields.emplace(name, std::move(json));
}

void read_one(Fields& map, std::string_view name, Shape shape, std::map<std::string, std::string>& fields) {
  const auto item = map.find(name);
  if (item && is_of_shape(map, name, *item, shape)) take_as_json(map, name, *item, fields);
}

}  // namespace

void read_cluster_fields(Fields& pod, std::map<std::string, std::string>& fields) {
  for (const auto& [name, shape] : kFields) read_one(pod, name, shape, fields);
  const auto labels = pod.find("nodeSelector");
  if (!labels || labels->node->kind != Node::Kind::Map) return;
  for (const auto& [path, entry] : entries_of(pod.reading(), labels, "must be a map like {gpu: a100}"))
    read_text(pod.problems(), {entry.value, path});
}

void read_sidecar_fields(Fields& container, std::map<std::string, std::string>& fields) {
  for (const auto& [name, shape] : kSidecarFields) read_one(container, name, shape, fields);
}

void read_claims(Fields& resources, std::map<std::string, std::string>& fields) {
  read_one(resources, kClaims, Shape::List, fields);
}

void write_cluster_fields(FieldWriter& pod, const std::map<std::string, std::string>& fields) {
  for (const auto& [name, json] : fields) {
    Source source("", json);
    Problems problems(source);
    const Documents documents = read_documents(json, problems);
    if (!documents.roots.empty()) pod.put(name, written_node(*documents.roots.front()));
  }
}

void read_annotations(Fields& metadata, std::map<std::string, std::string>& annotations) {
  const auto entries =
      entries_of(metadata.reading(), metadata.find("annotations"), "must be a map like {example.com/a: b}");
  for (const auto& [path, entry] : entries) {
    if (entry.key.starts_with("studyctl.io/"))
      metadata.problems().add(entry.place, path,
                              "annotations of studyctl.io are set by studyctl; use another prefix");
    if (auto value = read_text(metadata.problems(), {entry.value, path}))
      annotations.emplace(entry.key, *std::move(value));
  }
}

void write_annotations(FieldWriter& metadata, const std::map<std::string, std::string>& annotations) {
  metadata.map("annotations", annotations, [](FieldWriter& out, const auto& of) {
    for (const auto& [key, text] : of) out.put(key, Written::text(text));
  });
}

}  // namespace studyctl
