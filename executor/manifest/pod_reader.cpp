#include "manifest/pod_reader.h"

#include <algorithm>
#include <array>
#include <map>

#include "manifest/container_reader.h"
#include "manifest/labels_reader.h"
#include "manifest/volume_reader.h"

namespace studyctl {
namespace {

constexpr std::string_view kNotHere = "is not supported on one box; remove it";

constexpr std::array<Field, 2> kTemplateFields = {{{"metadata"}, {"spec"}}};
constexpr std::array<Field, 3> kTemplateMetadataFields = {
    {{"labels"}, {"annotations", kNotHere}, {"name", "names are given by studyctl; remove it"}}};
constexpr std::array<Field, 34> kPodFields = {
    {{"initContainers"},
     {"containers"},
     {"volumes"},
     {"hostNetwork"},
     {"shareProcessNamespace"},
     {"terminationGracePeriodSeconds"},
     {"imagePullSecrets"},
     {"activeDeadlineSeconds", "is not supported on one box; use execution.timeouts.run"},
     {"affinity", kNotHere},
     {"automountServiceAccountToken", kNotHere},
     {"dnsConfig", kNotHere},
     {"dnsPolicy", kNotHere},
     {"enableServiceLinks", kNotHere},
     {"ephemeralContainers", kNotHere},
     {"hostAliases", kNotHere},
     {"hostIPC", kNotHere},
     {"hostPID", kNotHere},
     {"hostUsers", kNotHere},
     {"hostname", kNotHere},
     {"nodeName", kNotHere},
     {"nodeSelector", kNotHere},
     {"os", kNotHere},
     {"overhead", kNotHere},
     {"preemptionPolicy", kNotHere},
     {"priority", kNotHere},
     {"priorityClassName", kNotHere},
     {"restartPolicy", "is not supported on one box; execution.retry tries again"},
     {"runtimeClassName", kNotHere},
     {"schedulerName", kNotHere},
     {"securityContext", "is not supported on one box; set it on the container"},
     {"serviceAccountName", kNotHere},
     {"subdomain", kNotHere},
     {"tolerations", kNotHere},
     {"topologySpreadConstraints", kNotHere}}};
constexpr std::array<Field, 1> kPullSecretFields = {{{"name"}}};

void read_containers(Reading& reading, const Fields& pod, PodTemplate& result) {
  std::map<std::string, Place> names;
  const auto add_name = [&](const Item& item, const std::string& name) {
    if (name.empty()) return;
    const auto [first, is_new] = names.emplace(name, item.node->place);
    if (!is_new) {
      reading.problems.add(item.node->place, item.path,
                           "is called " + name + " as that at " +
                               reading.problems.source().describe(first->second) + "; use another name");
    }
  };
  for (const Item& item : pod.list("initContainers")) {
    Container container = read_container(reading, item);
    if (container.name.empty())
      reading.problems.add(item.node->place, item.path + ".name", "is missing; name the container");
    add_name(item, container.name);
    result.init_containers.push_back(std::move(container));
  }
  const auto containers = pod.require("containers", "give it the one that runs the experiment");
  if (!containers) return;
  const std::vector<Item> items = read_list(reading.problems, *containers);
  if (items.size() != 1 && containers->node->kind == Node::Kind::Sequence) {
    reading.problems.add(containers->node->place, containers->path,
                         "must be exactly one, are " + std::to_string(items.size()) +
                             "; what runs before it goes into initContainers");
  }
  if (items.empty()) return;
  result.main = read_container(reading, items[0]);
  if (result.main.name.empty()) result.main.name = "main";
  add_name(items[0], result.main.name);
}

void read_volumes(Reading& reading, const Fields& pod, PodTemplate& result) {
  std::map<std::string, Place> names;
  for (const Item& item : pod.list("volumes")) {
    auto volume = read_volume(reading, item);
    if (!volume) continue;
    const auto [first, is_new] = names.emplace(volume->name, item.node->place);
    if (!is_new) {
      reading.problems.add(item.node->place, item.path,
                           "is called " + volume->name + " as that at " +
                               reading.problems.source().describe(first->second) + "; use another name");
    }
    result.volumes.push_back(std::move(*volume));
  }
}

// Every mount of `container` has its volume.
void check_mounts(Reading& reading, const Item& item, const Container& container, const PodTemplate& pod) {
  std::vector<std::string> names;
  for (const Volume& volume : pod.volumes) names.push_back(volume.name);
  const Node* mounts = item.node->find("volumeMounts");
  for (size_t i = 0; i < container.mounts.size(); ++i) {
    const std::string& name = container.mounts[i].volume;
    if (name.empty() || std::find(names.begin(), names.end(), name) != names.end()) continue;
    const Node* node = mounts && i < mounts->items.size() ? mounts->items[i] : item.node;
    reading.problems.add(node->place, item.path + ".volumeMounts[" + std::to_string(i) + "].name",
                         unknown_name("volume", name, names));
  }
}

void check_all_mounts(Reading& reading, const Fields& pod, const PodTemplate& result) {
  const auto check_list = [&](std::string_view name, auto container_at) {
    const auto list = pod.find(name);
    if (!list || list->node->kind != Node::Kind::Sequence) return;
    const std::vector<Item> items = read_list(reading.problems, *list);
    for (size_t i = 0; i < items.size(); ++i) {
      if (const Container* container = container_at(i)) check_mounts(reading, items[i], *container, result);
    }
  };
  check_list("initContainers", [&](size_t i) {
    return i < result.init_containers.size() ? &result.init_containers[i] : nullptr;
  });
  check_list("containers", [&](size_t i) { return i == 0 ? &result.main : nullptr; });
}

void read_pod_spec(Reading& reading, const Item& item, Study& study) {
  const Fields pod(reading.problems, item, kPodFields);
  if (!pod.is_map()) return;
  read_containers(reading, pod, study.pod);
  read_volumes(reading, pod, study.pod);
  check_all_mounts(reading, pod, study.pod);
  study.pod.host_network = pod.boolean("hostNetwork").value_or(false);
  study.pod.share_process_namespace = pod.boolean("shareProcessNamespace").value_or(false);
  constexpr int64_t kLongestGrace = 86400;
  if (const auto grace = pod.integer("terminationGracePeriodSeconds", 0, kLongestGrace)) {
    study.execution.timeouts.grace = std::chrono::seconds(*grace);
  }
  for (const Item& secret : pod.list("imagePullSecrets")) {
    const Fields fields(reading.problems, secret, kPullSecretFields);
    if (const auto name = fields.text("name")) study.pod.image_pull_secrets.push_back(*name);
  }
}

}  // namespace

void read_pod(Reading& reading, const Item& item, Study& study) {
  const Fields fields(reading.problems, item, kTemplateFields);
  if (const auto metadata = fields.find("metadata")) {
    const Fields inner(reading.problems, *metadata, kTemplateMetadataFields);
    if (const auto labels = inner.find("labels")) study.pod.labels = read_labels(reading, *labels);
  }
  if (const auto spec = fields.require("spec", "it holds the containers"))
    read_pod_spec(reading, *spec, study);
}

}  // namespace studyctl
