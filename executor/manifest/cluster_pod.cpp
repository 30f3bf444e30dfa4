#include <array>

#include "manifest/document.h"
#include "manifest/parts.h"
#include "manifest/problems.h"

// What of a pod only a cluster knows: it is taken as it stands, and judged there.
namespace studyctl {
namespace {

enum class Shape : uint8_t { Map, List, Text, Flag };

constexpr std::array<std::pair<std::string_view, Shape>, 14> kFields = {
    {{"affinity", Shape::Map},
     {"automountServiceAccountToken", Shape::Flag},
     {"dnsConfig", Shape::Map},
     {"dnsPolicy", Shape::Text},
     {"hostAliases", Shape::List},
     {"nodeSelector", Shape::Map},
     {"preemptionPolicy", Shape::Text},
     {"priorityClassName", Shape::Text},
     {"runtimeClassName", Shape::Text},
     {"schedulerName", Shape::Text},
     {"securityContext", Shape::Map},
     {"serviceAccountName", Shape::Text},
     {"tolerations", Shape::List},
     {"topologySpreadConstraints", Shape::List}}};

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

}  // namespace

void read_cluster_fields(Fields& pod, std::map<std::string, std::string>& fields) {
  for (const auto& [name, shape] : kFields) {
    const auto item = pod.find(name);
    if (!item || !is_of_shape(pod, name, *item, shape)) continue;
    std::string json = json_of(written_node(*item->node), Keys::AsWritten);
    if (json.find("${") != std::string::npos)
      pod.problem(name, "is the same for all experiments: nothing is put in for ${…} here");
    if (name == "nodeSelector")
      for (const auto& [path, entry] : entries_of(pod.reading(), item, "must be a map like {gpu: a100}"))
        read_text(pod.problems(), {entry.value, path});
    fields.emplace(name, std::move(json));
  }
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
