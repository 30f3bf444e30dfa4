#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <set>

#include "base/text.h"
#include "manifest/parts.h"
#include "model/study_name.h"

namespace studyctl {
namespace {

constexpr size_t kLongestName = 40;

bool is_word(std::string_view text) {
  const auto is_end = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  const auto is_inner = [&](char c) { return is_end(c) || c == '-' || c == '_' || c == '.'; };
  return !text.empty() && text.size() <= 63 && is_end(text.front()) && is_end(text.back()) &&
         std::all_of(text.begin(), text.end(), is_inner);
}

bool is_label_key(std::string_view key) {
  const size_t slash = key.find('/');
  if (slash == std::string_view::npos) return is_word(key);
  return is_object_name(key.substr(0, slash)) && is_word(key.substr(slash + 1));
}

// A directory of `path` that is a file too: "a" of "a/b"; empty when there is none.
std::string file_above(const std::string& path, const std::set<std::string>& files) {
  for (size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    if (files.contains(path.substr(0, slash))) return path.substr(0, slash);
  }
  return {};
}

void read_file_of(Reading& reading, const Item& item, StudyFile& file) {
  if (item.node->kind != Node::Kind::Map) {
    file.content = read_template(reading, item).value_or("");
    return;
  }
  Fields fields(reading, item);
  const auto from = fields.require("fromFile", "give the content as text, or {fromFile: PATH}");
  if (!from) return;
  file.from_file = read_template(reading, *from, TemplateScope::Parameters).value_or("");
  if (fields.has_text("fromFile") && file.from_file.empty())
    fields.problem("fromFile", "is empty; name a file");
}

void read_files(Fields& spec, std::vector<StudyFile>& files) {
  Reading& reading = spec.reading();
  std::set<std::string> names;
  const auto entries = entries_of(reading, spec.find("files"), "must be a map of names and contents");
  for (const auto& [path, entry] : entries) names.insert(entry.key);
  for (const auto& [path, entry] : entries) {
    if (!is_path_within(entry.key)) {
      reading.problems.add(entry.place, path, "must be a path below /study: no / in front, no '.' or '..'");
    } else if (entry.key == "params.json") {
      reading.problems.add(entry.place, path, "is written by studyctl itself; use another name");
    } else if (const std::string above = file_above(entry.key, names); !above.empty()) {
      reading.problems.add(entry.place, path,
                           "needs the directory " + shortened(above) + ", which is a file here; rename one");
    }
    StudyFile file{entry.key, {}, {}, reading.problems.source().describe(entry.value->place)};
    read_file_of(reading, {entry.value, path}, file);
    files.push_back(std::move(file));
  }
}

// With the namespace that it runs in, the name is as an operator writes it of an object of another one.
void check_name(Fields& document, const Study& study) {
  const auto metadata = document.find("metadata");
  const Node* name = metadata ? metadata->node->find("name") : nullptr;
  if (!name || !name->is_scalar()) return;
  const std::string_view in = namespace_in(study.name);
  const bool is_elsewhere = !in.empty() && in == study.execution.kubernetes.namespace_name;
  if (is_label(is_elsewhere ? name_without_namespace(study.name) : study.name, kLongestName)) return;
  document.problems().add(name->place, "metadata.name",
                          "'" + shortened(study.name) +
                              "' is no RFC 1123 label; use a-z, 0-9 and -, a letter or digit at both ends, "
                              "40 characters at most");
}

void read_annotations(Fields& metadata) {
  const auto annotations = metadata.find("annotations");
  if (!annotations) return;
  for (const Node::Entry& entry : annotations->node->entries)
    read_raw_text(metadata.problems(), {entry.value, annotations->path + "." + entry.key});
}

constexpr auto kMetadata = [](auto& io, auto& study) {
  io.require("name", "it names runs and containers");
  io.text("name", study.name);
  io.when_read([&](auto& fields) {
    read_labels(fields, study.labels);
    read_annotations(fields);
  });
  io.when_written([&](auto& out) { write_labels(out, study.labels); });
  io.refuse("namespace", "is not read; write spec.execution.kubernetes: {namespace: …}");
};

// "/results/." is "/results".
std::string directory_of(const std::string& path) {
  const std::string text = std::filesystem::path(path).lexically_normal().string();
  return text.size() > 1 && text.ends_with('/') ? text.substr(0, text.size() - 1) : text;
}

constexpr auto kCheckpoint = [](auto& io, auto& path) {
  io.require("path", "say where the container sees it");
  io.text("path", path);
  io.when_read([&](auto& fields) {
    if (path.starts_with('/') && directory_of(path) != "/") return;
    fields.problem("path",
                   "must be an absolute directory of the container like /checkpoint, is " + shortened(path));
  });
};

constexpr std::array<std::pair<std::string_view, VolumeScope>, 2> kScopes = {
    {{"Attempt", VolumeScope::Attempt}, {"Run", VolumeScope::Run}}};

// Beside the template, which stays one that a cluster takes.
void read_volume_scopes(Fields& spec, PodTemplate& pod) {
  Reading& reading = spec.reading();
  std::map<std::string, EmptyDirVolume*> empty;
  std::vector<std::string> names;
  for (Volume& volume : pod.volumes) {
    auto* directory = std::get_if<EmptyDirVolume>(&volume.source);
    if (!directory || directory->in_memory) continue;
    empty[volume.name] = directory;
    names.push_back(volume.name);
  }
  for (const auto& [path, entry] :
       entries_of(reading, spec.find("volumeScopes"), "must be a map like {cache: Run}")) {
    const auto found = empty.find(entry.key);
    if (found == empty.end()) {
      reading.problems.add(entry.place, path, unknown_name("emptyDir volume on disk", entry.key, names));
    } else {
      read_choice(reading.problems, {entry.value, path}, found->second->scope, kScopes);
    }
  }
}

void write_volume_scopes(FieldWriter& spec, const PodTemplate& pod) {
  spec.map("volumeScopes", pod, [](FieldWriter& out, const PodTemplate& of) {
    for (const Volume& volume : of.volumes) {
      const auto* empty = std::get_if<EmptyDirVolume>(&volume.source);
      if (empty && empty->scope == VolumeScope::Run) out.choice(volume.name, empty->scope, kScopes);
    }
  });
}

void read_size(Fields& fields, std::optional<int64_t>& bytes) {
  const auto item = fields.find("size");
  const auto text = item ? read_quantity(fields.problems(), *item) : std::nullopt;
  if (!text) return;
  const auto size = parse_bytes(*text);
  if (size && *size > 0) {
    bytes = *size;
  } else {
    fields.problem("size", "must be a size like 500Gi, is " + shortened(*text));
  }
}

constexpr auto kRetention = [](auto& io, auto& retention) {
  io.integer("runs", retention.runs, 1);
  io.limit("age", retention.age);
  io.when_read([&](auto& fields) { read_size(fields, retention.bytes); });
  io.when_written([&](auto& out) {
    if (retention.bytes) out.text("size", memory_text(*retention.bytes));
  });
};

void read_spec(Fields& spec, Study& study) {
  read_parameters(spec, study.parameters);
  read_points(spec, study);
  read_pod(spec, study);
  read_volume_scopes(spec, study.pod);
  spec.reading().main = study.pod.main;
  read_overrides(spec, study);
  read_files(spec, study.files);
  spec.map("checkpoint", study.checkpoint_path, kCheckpoint);
  read_results(spec, study.results);
  read_execution(spec, study.execution);
  read_notifications(spec, spec.reading().notifications);
  spec.map("retention", spec.reading().retention, kRetention);
}

void check_repeated_metric(Fields& spec, const Study& study) {
  if (!study.execution.repeat_until) return;
  const std::string& wanted = study.execution.repeat_until->metric;
  std::vector<std::string> names;
  for (const Metric& metric : study.results.metrics) names.push_back(metric.name);
  if (std::find(names.begin(), names.end(), wanted) != names.end()) return;
  spec.problems().add(spec.place(), "spec.execution.repeatUntil.metric",
                      unknown_name("metric of spec.results.metrics", wanted, names));
}

// What studyctl mounts itself is not mounted over, and nothing twice.
void check_mounts(Reading& reading, const Study& study) {
  std::set<std::pair<std::string, std::string>> seen;
  for (const Mention& mount : reading.mounts) {
    const std::string directory = directory_of(mount.text);
    const std::string container = mount.path.substr(0, mount.path.find(".volumeMounts"));
    if (directory == "/") {
      reading.problems.add(mount.place, mount.path, "must be a directory below /");
    } else if (directory == directory_of(study.results.path) || directory == "/study" ||
               (!study.checkpoint_path.empty() && directory == directory_of(study.checkpoint_path))) {
      reading.problems.add(mount.place, mount.path,
                           shortened(mount.text) + " is mounted by studyctl; use another directory");
    } else if (!seen.emplace(container, directory).second) {
      reading.problems.add(mount.place, mount.path,
                           "something is mounted at " + shortened(mount.text) + " already; keep one");
    }
  }
}

}  // namespace

void read_labels(Fields& metadata, std::map<std::string, std::string>& labels) {
  Problems& problems = metadata.problems();
  const auto entries =
      entries_of(metadata.reading(), metadata.find("labels"), "must be a map like {team: perf}");
  for (const auto& [path, entry] : entries) {
    if (!is_label_key(entry.key)) {
      problems.add(entry.place, path,
                   "is no label key; use letters, digits, - _ and ., 63 characters at most");
    } else if (entry.key.starts_with("studyctl.io/")) {
      problems.add(entry.place, path, "labels of studyctl.io are set by studyctl; use another prefix");
    }
    auto value = read_text(problems, {entry.value, path});
    if (!value) continue;
    if (!value->empty() && !is_word(*value)) {
      problems.add(entry.value->place, path,
                   "'" + shortened(*value) +
                       "' is no label value; use letters, digits, - _ and ., 63 characters at most");
    }
    labels.emplace(entry.key, std::move(*value));
  }
}

void write_labels(FieldWriter& metadata, const std::map<std::string, std::string>& labels) {
  metadata.map("labels", labels, [](FieldWriter& out, const auto& of) {
    for (const auto& [key, text] : of) out.put(key, Written::text(text));
  });
}

Study read_study(Reading& reading, const Node& document) {
  Study study;
  Fields fields(reading, {&document, ""});
  fields.find("apiVersion");
  fields.find("kind");
  fields.refuse("status", "is not for manifests; remove it");
  fields.require("metadata", "write metadata: {name: NAME}");
  fields.map("metadata", study, kMetadata);
  const auto item = fields.require("spec", "it says what is studied");
  if (!item) {
    check_name(fields, study);
    return study;
  }
  Fields spec(reading, *item);
  const bool is_map = spec.is_map();
  if (is_map) read_spec(spec, study);
  check_name(fields, study);
  if (!is_map) return study;
  check_parameters(reading, study);
  check_mounts(reading, study);
  check_repeated_metric(spec, study);
  if (!study.execution.timeouts.run) {
    reading.problems.warn(spec.place(), "spec.execution.timeouts.run",
                          "is not set; an attempt that hangs runs for ever");
  }
  return study;
}

Written written_files(const std::vector<StudyFile>& files) {
  Written::Map map;
  for (const StudyFile& file : files) {
    map.emplace_back(file.path, file.from_file.empty()
                                    ? Written::text(file.content)
                                    : Written{Written::Map{{"fromFile", Written::text(file.from_file)}}});
  }
  return {std::move(map)};
}

Written written_retention(const Retention& retention) {
  FieldWriter out;
  kRetention(out, retention);
  return out.take();
}

Written written_study(const Study& study, const Retention& retention,
                      const std::vector<Notification>& notifications) {
  FieldWriter document, spec;
  document.text("apiVersion", std::string(kApiVersion));
  document.text("kind", "Study");
  document.map("metadata", study, kMetadata);
  write_parameters(spec, study.parameters);
  write_points(spec, study);
  if (!study.overrides.empty()) spec.put("overrides", written_overrides(study.overrides, OverridePart::All));
  spec.put("template", written_pod(study.pod));
  if (!study.checkpoint_path.empty()) spec.map("checkpoint", study.checkpoint_path, kCheckpoint);
  write_volume_scopes(spec, study.pod);
  if (!study.files.empty()) spec.put("files", written_files(study.files));
  spec.put("results", written_results(study.results));
  spec.put("execution", written_execution(study.execution));
  if (!notifications.empty()) spec.put("notifications", written_notifications(notifications));
  if (retention.has_rules()) spec.put("retention", written_retention(retention));
  document.put("spec", spec.take());
  return document.take();
}

}  // namespace studyctl
