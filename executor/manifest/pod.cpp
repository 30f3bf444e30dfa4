#include <algorithm>
#include <array>

#include "base/text.h"
#include "manifest/parts.h"

namespace studyctl {
namespace {

constexpr std::string_view kNotHere = "is not supported on one box; remove it";

void check_host_path(Fields& fields, const std::string& path) {
  if (!fields.has_text("path")) return;
  if (!path.starts_with('/'))
    fields.problem("path", "must be absolute (begin with /), is " + shortened(path));
  if (has_dot_dot(path)) fields.problem("path", "must not contain '..'; write it out");
}

constexpr auto kHostPath = [](auto& io, auto& volume) {
  io.require("path", "say which directory or file of this machine");
  io.text("path", volume.path);
  io.when_read([&](auto& fields) { check_host_path(fields, volume.path); });
  io.refuse("type", "is not supported on one box; the path must exist, remove the type");
};

void read_empty_dir(Fields& fields, EmptyDirVolume& volume) {
  std::string medium;
  fields.text("medium", medium);
  if (medium != "Memory" && !medium.empty())
    fields.problem("medium", "must be Memory, or left out for the disk, is " + shortened(medium));
  volume.in_memory = medium == "Memory";
  const auto item = fields.find("sizeLimit");
  const auto limit = item ? read_quantity(fields.problems(), *item) : std::nullopt;
  if (!limit) return;
  const auto bytes = parse_bytes(*limit);
  if (!bytes) {
    fields.problem("sizeLimit", bytes.error().message);
  } else if (!volume.in_memory) {
    fields.problem("sizeLimit",
                   "can only be kept with medium: Memory on one box; add it, or remove the limit");
  } else {
    volume.size_limit = *bytes;
  }
}

constexpr auto kEmptyDir = [](auto& io, auto& volume) {
  io.when_read([&](auto& fields) { read_empty_dir(fields, volume); });
  io.when_written([&](auto& out) {
    if (volume.in_memory) out.text("medium", "Memory");
    if (volume.size_limit) out.text("sizeLimit", memory_text(*volume.size_limit));
  });
};

void check_claim(Fields& fields, const std::string& claim) {
  if (fields.has_text("claimName") && !is_object_name(claim))
    fields.problem("claimName", "'" + shortened(claim) + "' is no name; use a-z, 0-9, - and .");
}

constexpr auto kClaim = [](auto& io, auto& volume) {
  io.require("claimName", "it names the engine's volume");
  io.text("claimName", volume.claim);
  io.when_read([&](auto& fields) { check_claim(fields, volume.claim); });
  io.refuse("readOnly", "is not supported on one box; set it on the volumeMount");
};

void check_key(Fields& fields, const ProjectedVolume& volume, const std::string& key,
               const std::string& path) {
  if (path.starts_with('/') || has_dot_dot(path))
    fields.problem("path", "must stay within the volume: no / in front, no ..");
  if (!volume.is_secret && !volume.data.empty() && !key.empty() && !volume.data.contains(key))
    fields.problem("key", unknown_name("key", key, keys_of(volume.data)));
}

void check_projected(Fields& fields, std::string_view name, ProjectedVolume& volume) {
  const auto item = fields.find(name);
  if (!item) return;
  if (!volume.is_secret) {
    if (const auto* data = find_config(fields.reading(), *item)) volume.data = *data;
  } else if (fields.has_text(name) && !is_object_name(volume.name)) {
    fields.problem(name, "'" + shortened(volume.name) + "' " + std::string(kNoObjectName));
  }
}

constexpr auto kProjected = [](auto& io, auto& volume) {
  const char* name = volume.is_secret ? "secretName" : "name";
  io.require(name, "say which one");
  io.text(name, volume.name);
  io.when_read([&](auto& fields) { check_projected(fields, name, volume); });
  io.list("items", volume.items, [&](auto& inner, auto& item) {
    inner.require("key", "say which key");
    inner.text("key", item.first);
    inner.require("path", "say what the file is called");
    inner.text("path", item.second);
    inner.when_read([&](auto& fields) { check_key(fields, volume, item.first, item.second); });
    inner.refuse("mode", kNotHere);
  });
  io.refuse(std::array<std::string_view, 2>{"defaultMode", "optional"}, kNotHere);
};

// A volume while it is read, and which source it was found to have.
struct VolumeDraft {
  Volume volume;
  std::string_view source;
};

// One of the sources that a volume may have.
template <class Source>
void read_source(Fields& fields, std::string_view name, Source source, auto describe, VolumeDraft& draft) {
  const auto item = fields.find(name);
  if (!item) return;
  if (!draft.source.empty())
    fields.problem(name, "there is " + std::string(draft.source) + " already; keep one");
  draft.source = name;
  Fields inner(fields.reading(), *item);
  if (inner.is_map()) describe(inner, source);
  draft.volume.source = std::move(source);
}

std::optional<Volume> read_volume(Reading& reading, const Item& item) {
  Fields fields(reading, item);
  VolumeDraft draft;
  Volume& volume = draft.volume;
  fields.require("name", "volumeMounts refer to it by name");
  fields.text("name", volume.name);
  if (!volume.name.empty() && !is_label(volume.name, 63)) {
    fields.problem("name",
                   "'" + shortened(volume.name) + "' is no label; use a-z, 0-9 and -, 63 characters at most");
  }
  read_source(fields, "hostPath", HostPathVolume{}, kHostPath, draft);
  read_source(fields, "emptyDir", EmptyDirVolume{}, kEmptyDir, draft);
  read_source(fields, "persistentVolumeClaim", NamedVolume{}, kClaim, draft);
  read_source(fields, "configMap", ProjectedVolume{}, kProjected, draft);
  read_source(fields, "secret", ProjectedVolume{.is_secret = true, .name = {}, .items = {}, .data = {}},
              kProjected, draft);
  fields.refuse("nfs", "is not supported on one box; mount it on the host and use hostPath");
  fields.refuse(std::array<std::string_view, 9>{"csi", "cephfs", "downwardAPI", "ephemeral", "glusterfs",
                                                "image", "iscsi", "projected", "rbd"},
                "is not supported on one box; use hostPath, emptyDir or persistentVolumeClaim");
  if (draft.source.empty() && fields.is_map()) {
    reading.problems.add(
        item.node->place, item.path,
        "has no source; give it hostPath, emptyDir, persistentVolumeClaim, configMap or secret");
  }
  return std::move(draft.volume);
}

Written written_volume(const Volume& volume) {
  FieldWriter out;
  out.text("name", volume.name);
  if (const auto* host = std::get_if<HostPathVolume>(&volume.source)) out.map("hostPath", *host, kHostPath);
  if (const auto* named = std::get_if<NamedVolume>(&volume.source))
    out.map("persistentVolumeClaim", *named, kClaim);
  if (const auto* projected = std::get_if<ProjectedVolume>(&volume.source))
    out.map(projected->is_secret ? "secret" : "configMap", *projected, kProjected);
  if (const auto* empty = std::get_if<EmptyDirVolume>(&volume.source)) {
    FieldWriter inner;
    kEmptyDir(inner, *empty);
    out.put("emptyDir", inner.take());
  }
  return out.take();
}

std::optional<Container> read_init_container(Reading& reading, const Item& item) {
  Container container;
  Fields fields(reading, item);
  if (fields.is_map() && fields.has_text("restartPolicy")) {
    const auto policy = fields.find("restartPolicy");
    if (policy->node->text == "Always") container.sidecar = Sidecar::FromItsTurn;
  }
  read_container(fields, container);
  if (container.sidecar != Sidecar::No) return container;
  if (container.name.empty())
    reading.problems.add(item.node->place, item.path + ".name", "is missing; name the container");
  return container;
}

void read_containers(Fields& pod, PodTemplate& to) {
  const auto containers = pod.require("containers", "give it the one that runs the experiment");
  if (!containers) return;
  const std::vector<Item> items = read_list(pod.problems(), *containers);
  if (items.empty() && containers->node->kind == Node::Kind::Sequence)
    pod.problem("containers", "is empty; give it the one that runs the experiment");
  for (size_t i = 0; i < items.size(); ++i) {
    Fields fields(pod.reading(), items[i]);
    Container sidecar;
    sidecar.sidecar = Sidecar::WithMain;
    read_container(fields, i == 0 ? to.main : sidecar);
    if (i > 0) to.init_containers.push_back(std::move(sidecar));
  }
  if (to.main.name.empty()) to.main.name = "main";
}

// That names are told apart, and that each mount has its volume.
void check_pod(Fields& fields, const PodTemplate& pod) {
  Names containers(fields.problems());
  Names volumes(fields.problems());
  const auto items_of = [&](std::string_view name) {
    const auto list = fields.find(name);
    return list ? one_or_list(*list) : std::vector<Item>{};
  };
  std::vector<Item> others = items_of("initContainers");
  const std::vector<Item> beside = items_of("containers");
  if (!beside.empty()) others.insert(others.end(), beside.begin() + 1, beside.end());
  for (size_t i = 0; i < std::min(others.size(), pod.init_containers.size()); ++i)
    containers.add(others[i], pod.init_containers[i].name);
  if (!pod.main.name.empty() && !beside.empty()) containers.add(beside[0], pod.main.name);
  const std::vector<Item> items = items_of("volumes");
  for (size_t i = 0; i < pod.volumes.size(); ++i) volumes.add(items[i], pod.volumes[i].name);
  for (const Mention& use : fields.reading().volumes) {
    if (!volumes.has(use.text))
      fields.problems().add(use.place, use.path, unknown_name("volume", use.text, volumes.all()));
  }
}

std::optional<std::string> read_pull_secret(Reading& reading, const Item& item) {
  std::string name;
  Fields fields(reading, item);
  fields.text("name", name);
  return name.empty() ? std::nullopt : std::optional(name);
}

constexpr auto kPodSpec = [](auto& io, auto& pod) {
  io.when_read([&](auto& fields) {
    fields.items("initContainers", pod.init_containers, read_init_container, written_container);
    read_containers(fields, pod);
  });
  io.when_written([&](auto& out) {
    Written::List before, beside{written_container(pod.main)};
    for (const Container& one : pod.init_containers)
      (one.sidecar == Sidecar::WithMain ? beside : before).push_back(written_container(one));
    if (!before.empty()) out.put("initContainers", Written{std::move(before)});
    out.put("containers", Written{std::move(beside)});
  });
  io.items("volumes", pod.volumes, read_volume, written_volume);
  io.flag("hostNetwork", pod.host_network);
  io.flag("shareProcessNamespace", pod.share_process_namespace);
  io.items("imagePullSecrets", pod.image_pull_secrets, read_pull_secret, [](const std::string& name) {
    return Written{Written::Map{{"name", Written::text(name)}}};
  });
  io.refuse("activeDeadlineSeconds", "is not supported on one box; use execution.timeouts.run");
  io.refuse("restartPolicy", "is not supported on one box; execution.retry tries again");
  io.when_read([&](auto& fields) { read_cluster_fields(fields, pod.cluster_fields); });
  io.when_written([&](auto& out) { write_cluster_fields(out, pod.cluster_fields); });
  io.refuse("nodeName",
            "goes around the scheduler, and its pods fail where there is no room; use nodeSelector");
  io.refuse("priority", "is set by the cluster; use priorityClassName");
  io.refuse(std::array<std::string_view, 9>{"enableServiceLinks", "ephemeralContainers", "hostIPC", "hostPID",
                                            "hostUsers", "hostname", "os", "overhead", "subdomain"},
            kNotHere);
};

void read_pod_spec(Fields& fields, Study& study) {
  kPodSpec(fields, study.pod);
  std::optional<int64_t> grace;
  fields.integer("terminationGracePeriodSeconds", grace, 0, 86400);
  if (grace) study.execution.timeouts.grace = std::chrono::seconds(*grace);
  check_pod(fields, study.pod);
}

}  // namespace

void read_pod(Fields& spec, Study& study) {
  const auto item = spec.require("template", "it says what to run");
  if (!item) return;
  Fields fields(spec.reading(), *item);
  fields.map("metadata", study.pod, [](Fields& metadata, PodTemplate& pod) {
    read_labels(metadata, pod.labels);
    read_annotations(metadata, pod.annotations);
    metadata.refuse("name", "names are given by studyctl; remove it");
  });
  if (const auto inner = fields.require("spec", "it holds the containers")) {
    Fields pod(spec.reading(), *inner);
    if (pod.is_map()) read_pod_spec(pod, study);
  }
}

Written written_pod(const PodTemplate& pod) {
  FieldWriter out;
  out.map("metadata", pod, [](auto& metadata, auto& of) {
    write_labels(metadata, of.labels);
    write_annotations(metadata, of.annotations);
  });
  out.map("spec", pod, kPodSpec);
  return out.take();
}

}  // namespace studyctl
