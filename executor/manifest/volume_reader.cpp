#include "manifest/volume_reader.h"

#include <array>

#include "base/text.h"

namespace studyctl {
namespace {

constexpr std::string_view kNotHere =
    "is not supported on one box; use hostPath, emptyDir or persistentVolumeClaim";

constexpr std::array<Field, 16> kVolumeFields = {
    {{"name"},
     {"hostPath"},
     {"emptyDir"},
     {"persistentVolumeClaim"},
     {"configMap"},
     {"secret"},
     {"nfs", "is not supported on one box; mount it on the host and use hostPath"},
     {"csi", kNotHere},
     {"cephfs", kNotHere},
     {"downwardAPI", kNotHere},
     {"ephemeral", kNotHere},
     {"glusterfs", kNotHere},
     {"image", kNotHere},
     {"iscsi", kNotHere},
     {"projected", kNotHere},
     {"rbd", kNotHere}}};
constexpr std::array<Field, 2> kHostPathFields = {
    {{"path"}, {"type", "is not supported on one box; the path must exist, remove the type"}}};
constexpr std::array<Field, 2> kEmptyDirFields = {{{"medium"}, {"sizeLimit"}}};
constexpr std::array<Field, 2> kClaimFields = {
    {{"claimName"}, {"readOnly", "is not supported on one box; set it on the volumeMount"}}};
constexpr std::array<Field, 4> kConfigMapFields = {{{"name"},
                                                    {"items"},
                                                    {"defaultMode", "is not supported on one box; remove it"},
                                                    {"optional", "is not supported on one box; remove it"}}};
constexpr std::array<Field, 4> kSecretFields = {{{"secretName"},
                                                 {"items"},
                                                 {"defaultMode", "is not supported on one box; remove it"},
                                                 {"optional", "is not supported on one box; remove it"}}};
constexpr std::array<Field, 3> kItemFields = {
    {{"key"}, {"path"}, {"mode", "is not supported on one box; remove it"}}};
constexpr std::array<std::string_view, 5> kSources = {"hostPath", "emptyDir", "persistentVolumeClaim",
                                                      "configMap", "secret"};

using VolumeSource = decltype(Volume::source);

std::optional<VolumeSource> read_host_path(Reading& reading, const Item& item) {
  const Fields fields(reading.problems, item, kHostPathFields);
  fields.require("path", "say which directory or file of this machine");
  const auto path = fields.text("path");
  if (!path) return std::nullopt;
  if (!path->starts_with('/'))
    fields.problem("path", "must be absolute (begin with /), is " + shortened(*path));
  if (has_dot_dot(*path)) fields.problem("path", "must not contain '..'; write it out");
  return HostPathVolume{*path};
}

std::optional<VolumeSource> read_empty_dir(Reading& reading, const Item& item) {
  const Fields fields(reading.problems, item, kEmptyDirFields);
  EmptyDirVolume volume;
  const auto medium = fields.text("medium");
  if (medium && *medium != "Memory" && !medium->empty()) {
    fields.problem("medium", "must be Memory, or left out for the disk, is " + shortened(*medium));
  }
  volume.in_memory = medium == "Memory";
  const auto limit_item = fields.find("sizeLimit");
  const auto limit = limit_item ? read_quantity(reading.problems, *limit_item) : std::nullopt;
  if (!limit) return volume;
  const auto bytes = parse_bytes(*limit);
  if (!bytes) {
    fields.problem("sizeLimit", bytes.error().message);
  } else if (!volume.in_memory) {
    fields.problem("sizeLimit",
                   "can only be kept with medium: Memory on one box; add it, or remove the limit");
  } else {
    volume.size_limit = *bytes;
  }
  return volume;
}

std::optional<VolumeSource> read_claim(Reading& reading, const Item& item) {
  const Fields fields(reading.problems, item, kClaimFields);
  fields.require("claimName", "it names the engine's volume");
  const auto name = fields.text("claimName");
  if (!name) return std::nullopt;
  if (!is_object_name(*name))
    fields.problem("claimName", "'" + shortened(*name) + "' is no name; use a-z, 0-9, - and .");
  return NamedVolume{*name};
}

std::optional<VolumeSource> read_projected(Reading& reading, const Item& item, bool is_secret) {
  const std::string_view name_field = is_secret ? "secretName" : "name";
  const Fields fields(reading.problems, item,
                      is_secret ? std::span<const Field>(kSecretFields) : kConfigMapFields);
  fields.require(name_field, "say which one");
  ProjectedVolume volume{is_secret, fields.text(name_field).value_or(""), {}, {}};
  if (!volume.name.empty() && !is_object_name(volume.name)) {
    fields.problem(name_field,
                   "'" + shortened(volume.name) + "' is no Kubernetes name; use a-z, 0-9, - and .");
  } else if (!volume.name.empty() && !is_secret) {
    if (const auto* data = find_config(reading, *fields.find(name_field))) volume.data = *data;
  }
  for (const Item& element : fields.list("items")) {
    const Fields pair(reading.problems, element, kItemFields);
    pair.require("key", "say which key");
    pair.require("path", "say what the file is called");
    const std::string path = pair.text("path").value_or("");
    if (path.starts_with('/') || has_dot_dot(path))
      pair.problem("path", "must stay within the volume: no / in front, no ..");
    volume.items.emplace_back(pair.text("key").value_or(""), path);
    if (volume.data.empty() || volume.data.contains(volume.items.back().first)) continue;
    std::vector<std::string> keys;
    for (const auto& [key, text] : volume.data) keys.push_back(key);
    pair.problem("key", unknown_name("key", volume.items.back().first, keys));
  }
  return volume;
}

std::optional<VolumeSource> read_source(Reading& reading, const Item& item, std::string_view kind) {
  if (kind == "hostPath") return read_host_path(reading, item);
  if (kind == "emptyDir") return read_empty_dir(reading, item);
  if (kind == "persistentVolumeClaim") return read_claim(reading, item);
  return read_projected(reading, item, kind == "secret");
}

}  // namespace

std::optional<Volume> read_volume(Reading& reading, const Item& item) {
  const Fields fields(reading.problems, item, kVolumeFields);
  fields.require("name", "volumeMounts refer to it by name");
  const auto name = fields.text("name");
  if (name && !is_label(*name, 63)) {
    fields.problem("name",
                   "'" + shortened(*name) + "' is no label; use a-z, 0-9 and -, 63 characters at most");
  }
  std::optional<VolumeSource> source;
  std::string_view first;
  for (const std::string_view kind : kSources) {
    const auto found = fields.find(kind);
    if (!found) continue;
    if (!first.empty()) fields.problem(kind, "there is " + std::string(first) + " already; keep one");
    first = kind;
    source = read_source(reading, *found, kind);
  }
  if (first.empty() && fields.is_map()) {
    reading.problems.add(
        item.node->place, item.path,
        "has no source; give it hostPath, emptyDir, persistentVolumeClaim, configMap or secret");
  }
  if (!name || !source) return std::nullopt;
  return Volume{*name, std::move(*source)};
}

}  // namespace studyctl
