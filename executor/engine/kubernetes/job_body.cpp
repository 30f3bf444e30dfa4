#include "engine/kubernetes/job_body.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "carry/pass.h"
#include "engine/docker/command_line.h"

namespace studyctl {
namespace {

using json = nlohmann::ordered_json;

// Between SIGTERM and SIGKILL, where whoever ends a pod says nothing else.
constexpr Duration kUsualGrace{10'000};
// What a pod may take beside the workload, for images and init containers: its deadline is for when no
// controller is there to see to the attempt's own.
constexpr Duration kBeside{std::chrono::minutes(15)};
// Where the containers that carry see all of it.
constexpr char kCarriedAt[] = "/carried";

// Whether the cluster takes a text as a label's value.
bool is_label(const std::string& text) {
  const auto is_inner = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
  };
  const auto is_outer = [](char c) { return std::isalnum(static_cast<unsigned char>(c)); };
  return text.size() <= 63 && std::all_of(text.begin(), text.end(), is_inner) &&
         (text.empty() || (is_outer(text.front()) && is_outer(text.back())));
}

json metadata_of(const AttemptSpec& spec) {
  json labels = json::object(), annotations = json::object();
  labels[kAttemptLabel] = spec.id.text;
  for (const auto& [name, value] : spec.labels) (is_label(value) ? labels : annotations)[name] = value;
  for (const auto& [name, value] : spec.annotations) annotations[name] = value;
  json metadata{{"labels", labels}};
  if (!annotations.empty()) metadata["annotations"] = annotations;
  return metadata;
}

// Exact, in the smallest unit.
json quantities(const Resources& resources, const std::vector<DeviceRequest>& devices, bool is_request) {
  json amounts = json::object();
  const auto cpu = is_request && resources.millicpu_request ? resources.millicpu_request : resources.millicpu;
  const auto memory =
      is_request && resources.memory_bytes_request ? resources.memory_bytes_request : resources.memory_bytes;
  if (cpu) amounts["cpu"] = std::to_string(*cpu) + "m";
  if (memory) amounts["memory"] = std::to_string(*memory);
  for (const DeviceRequest& device : devices) amounts[device.kind] = std::to_string(device.count);
  return amounts;
}

json security_of(const SecurityContext& security) {
  json context{{"allowPrivilegeEscalation", security.allow_privilege_escalation || security.privileged}};
  if (security.run_as_user) context["runAsUser"] = *security.run_as_user;
  if (security.run_as_group) context["runAsGroup"] = *security.run_as_group;
  if (security.read_only_root) context["readOnlyRootFilesystem"] = true;
  if (security.privileged) context["privileged"] = true;
  json capabilities = json::object();
  if (!security.add_capabilities.empty()) capabilities["add"] = security.add_capabilities;
  if (!security.drop_capabilities.empty()) capabilities["drop"] = security.drop_capabilities;
  if (!capabilities.empty()) context["capabilities"] = capabilities;
  return context;
}

// A node makes no directory for what is not there: results would be lost in it.
json host_path(const std::string& path) {
  std::error_code failure;
  const auto kind = std::filesystem::status(path, failure).type();
  using Type = std::filesystem::file_type;
  const bool is_other = kind == Type::socket || kind == Type::character || kind == Type::block;
  const char* type = kind == Type::regular ? "File" : "Directory";
  if (is_other) return {{"path", path}};
  return {{"path", path}, {"type", type}};
}

// Where below the claim a path lies; nothing where it does not.
std::optional<std::string> place_in(const ClaimedDirectory& results, const Mount& mount) {
  if (results.claim.empty() || mount.kind != Mount::Kind::Bind) return std::nullopt;
  const std::filesystem::path place = std::filesystem::path(mount.source).lexically_relative(results.root);
  if (place.empty() || *place.begin() == "..") return std::nullopt;
  return place.string();
}

json source_of(const Mount& mount, const ClaimedDirectory& results, const CarriedPod* carried) {
  if (carried && carried->place_of(mount)) return {{"emptyDir", json::object()}};
  if (place_in(results, mount)) return {{"persistentVolumeClaim", {{"claimName", results.claim}}}};
  switch (mount.kind) {
    case Mount::Kind::Bind: return {{"hostPath", host_path(mount.source)}};
    case Mount::Kind::Volume: return {{"persistentVolumeClaim", {{"claimName", mount.source}}}};
    case Mount::Kind::Memory: break;
  }
  json memory{{"medium", "Memory"}};
  if (mount.size_limit) memory["sizeLimit"] = std::to_string(*mount.size_limit);
  return {{"emptyDir", memory}};
}

// The volumes of a pod, each source once.
class Volumes {
 public:
  Volumes(const ClaimedDirectory& results, const CarriedPod* carried)
      : results_(results), carried_(carried) {}

  json mounts_of(const ContainerSpec& container) {
    json mounts = json::array();
    for (const Mount& mount : container.mounts) {
      json one{{"name", name_of_source(source_of(mount, results_, carried_), mount)},
               {"mountPath", mount.target}};
      if (mount.read_only) one["readOnly"] = true;
      const auto number = carried_ ? carried_->place_of(mount) : std::nullopt;
      if (number) {
        one["subPath"] = std::to_string(*number);
        mounts.push_back(one);
        continue;
      }
      if (const auto place = place_in(results_, mount); place && *place != ".") one["subPath"] = *place;
      mounts.push_back(one);
    }
    return mounts;
  }
  // Of all that is carried.
  std::string carried_name() { return name_of_source({{"emptyDir", json::object()}}, {}); }
  const json& volumes() const { return volumes_; }

 private:
  std::string name_of_source(const json& source, const Mount& mount) {
    for (const json& known : volumes_) {
      json bare = known;
      bare.erase("name");
      if (mount.kind != Mount::Kind::Memory && bare == source) return known["name"];
    }
    json volume{{"name", "v" + std::to_string(volumes_.size())}};
    volume.update(source);
    volumes_.push_back(volume);
    return volumes_.back()["name"];
  }
  const ClaimedDirectory& results_;
  const CarriedPod* const carried_;
  json volumes_ = json::array();
};

std::string secret_key(size_t container, const std::string& variable) {
  return std::to_string(container) + "." + variable;
}

// `index` of all containers, init containers first.
json environment_of(const AttemptSpec& spec, const ContainerSpec& container, size_t index) {
  json variables = json::array();
  for (const auto& [name, value] : container.environment) {
    if (name == "NVIDIA_VISIBLE_DEVICES") continue;  // would show devices that the cluster gave to others
    json variable{{"name", name}};
    if (container.secret_variables.contains(name)) {
      variable["valueFrom"]["secretKeyRef"] = {{"name", spec.id.text}, {"key", secret_key(index, name)}};
    } else {
      // "$(NAME)" is a reference to the cluster, and text to us.
      std::string escaped;
      for (const char c : value) escaped += c == '$' ? std::string("$$") : std::string(1, c);
      variable["value"] = escaped;
    }
    variables.push_back(variable);
  }
  return variables;
}

std::vector<std::string> escaped_words(std::vector<std::string> words) {
  for (std::string& word : words) {
    std::string escaped;
    for (const char c : word) escaped += c == '$' ? std::string("$$") : std::string(1, c);
    word = escaped;
  }
  return words;
}

std::string_view policy_of(PullPolicy policy) {
  switch (policy) {
    case PullPolicy::Always: return "Always";
    case PullPolicy::Never: return "Never";
    case PullPolicy::IfNotPresent: break;
  }
  return "IfNotPresent";
}

// Init containers are numbered; what runs beside main keeps its name.
std::string name_of(const AttemptSpec& spec, size_t index) {
  if (index == spec.init.size()) return "main";
  if (spec.init[index].sidecar != Sidecar::No) return spec.init[index].name;
  const auto number = std::count_if(spec.init.begin(), spec.init.begin() + static_cast<std::ptrdiff_t>(index),
                                    [](const ContainerSpec& one) { return one.sidecar == Sidecar::No; });
  return kInitPrefix + std::to_string(number);
}

void add_cluster_fields(json& body, const ContainerSpec& container) {
  for (const auto& [name, value] : container.cluster_fields)
    (name == "claims" ? body["resources"][name] : body[name]) = json::parse(value, nullptr, false);
  if (container.sidecar == Sidecar::FromItsTurn) body["restartPolicy"] = "Always";
}

json container_of(const AttemptSpec& spec, size_t index, Volumes& volumes) {
  const bool is_main = index == spec.init.size();
  const ContainerSpec& container = is_main ? spec.main : spec.init[index];
  json body{{"name", name_of(spec, index)},
            {"image", container.image},
            {"imagePullPolicy", policy_of(container.pull_policy)}};
  if (!container.command.empty()) body["command"] = escaped_words(container.command);
  if (!container.arguments.empty()) body["args"] = escaped_words(container.arguments);
  if (!container.working_directory.empty()) body["workingDir"] = container.working_directory;
  if (auto variables = environment_of(spec, container, index); !variables.empty()) body["env"] = variables;
  const std::vector<DeviceRequest> devices = is_main ? spec.devices : std::vector<DeviceRequest>();
  json resources = json::object();
  if (auto limits = quantities(container.resources, devices, false); !limits.empty())
    resources["limits"] = limits;
  if (auto requests = quantities(container.resources, devices, true); !requests.empty())
    resources["requests"] = requests;
  if (!resources.empty()) body["resources"] = resources;
  body["securityContext"] = security_of(container.security);
  if (auto mounts = volumes.mounts_of(container); !mounts.empty()) body["volumeMounts"] = mounts;
  add_cluster_fields(body, container);
  return body;
}

// Fills what is carried before anything of the attempt begins, or waits beside its main container and sends
// what that has left. It reads what main writes: as the same user, or else as root, to whom every file is
// open.
json carrier_of(const AttemptSpec& spec, const CarriedPod& carried, CarryPurpose purpose, Volumes& volumes) {
  const bool is_in = purpose == CarryPurpose::In;
  const SecurityContext& main = spec.main.security;
  json security{
      {"allowPrivilegeEscalation", false},         {"readOnlyRootFilesystem", true},
      {"runAsUser", main.run_as_user.value_or(0)}, {"runAsGroup", main.run_as_group.value_or(0)},
      {"capabilities", {{"drop", {"ALL"}}}},       {"seccompProfile", {{"type", "RuntimeDefault"}}}};
  if (main.run_as_user.value_or(0) != 0) {
    security["runAsNonRoot"] = true;
  } else {
    security["capabilities"]["add"] = {"DAC_OVERRIDE"};
  }
  json words = json::array({"/usr/bin/studyctl", "carry", is_in ? "in" : "out", kCarriedAt});
  for (size_t i = 0; !is_in && i < carried.plan.places.size(); ++i)
    if (carried.plan.places[i].comes_home) words.push_back(std::to_string(i));
  const CarryOptions& options = carried.options;
  return {
      {"name", is_in ? kCarryIn : kCarryOut},
      {"image", options.image},
      {"imagePullPolicy", "IfNotPresent"},
      {"command", words},
      {"terminationMessagePolicy", "FallbackToLogsOnError"},
      {"env",
       {{{"name", "STUDYCTL_CARRY_URL"}, {"value", options.address + "/carry/v1/" + spec.id.text}},
        {{"name", "STUDYCTL_CARRY_PASS"}, {"value", carry_pass(options.key, purpose, spec.id.text)}}}},
      {"resources",
       {{"limits", {{"cpu", "1"}, {"memory", "128Mi"}}}, {"requests", {{"cpu", "10m"}, {"memory", "32Mi"}}}}},
      {"securityContext", security},
      {"volumeMounts", {{{"name", volumes.carried_name()}, {"mountPath", kCarriedAt}}}}};
}

int64_t seconds_of(Duration duration) {
  return std::chrono::ceil<std::chrono::seconds>(duration).count();
}

json pod_of(const AttemptSpec& spec, const ClaimedDirectory& results, const CarriedPod* carried) {
  Volumes volumes(results, carried);
  const Duration grace = spec.grace > Duration(0) ? spec.grace : kUsualGrace;
  json pod{{"restartPolicy", "Never"},
           {"automountServiceAccountToken", false},
           {"enableServiceLinks", false},
           {"terminationGracePeriodSeconds", seconds_of(grace)}};
  if (spec.run_timeout) pod["activeDeadlineSeconds"] = seconds_of(*spec.run_timeout + grace + kBeside);
  if (spec.host_network) pod["hostNetwork"] = true;
  if (spec.share_process_namespace) pod["shareProcessNamespace"] = true;
  for (const std::string& secret : spec.image_pull_secrets)
    pod["imagePullSecrets"].push_back({{"name", secret}});
  for (const std::string& secret : carried ? carried->options.pull_secrets : std::vector<std::string>())
    pod["imagePullSecrets"].push_back({{"name", secret}});
  // Who names an account wants what it may.
  if (spec.cluster_fields.contains("serviceAccountName")) pod.erase("automountServiceAccountToken");
  for (const auto& [name, value] : spec.cluster_fields) pod[name] = json::parse(value, nullptr, false);
  json init = json::array();
  if (carried) init.push_back(carrier_of(spec, *carried, CarryPurpose::In, volumes));
  json beside = json::array();
  for (size_t i = 0; i < spec.init.size(); ++i)
    (spec.init[i].sidecar == Sidecar::WithMain ? beside : init).push_back(container_of(spec, i, volumes));
  if (!init.empty()) pod["initContainers"] = init;
  pod["containers"] = json::array({container_of(spec, spec.init.size(), volumes)});
  for (const json& sidecar : beside) pod["containers"].push_back(sidecar);
  if (carried) pod["containers"].push_back(carrier_of(spec, *carried, CarryPurpose::Out, volumes));
  if (!volumes.volumes().empty()) pod["volumes"] = volumes.volumes();
  return pod;
}

json job_of(const AttemptSpec& spec, const ClaimedDirectory& results, const CarriedPod* carried) {
  json metadata{{"name", spec.id.text}};
  metadata.update(metadata_of(spec));
  return {{"apiVersion", "batch/v1"},
          {"kind", "Job"},
          {"metadata", metadata},
          {"spec",
           {{"backoffLimit", 0},
            {"completions", 1},
            {"parallelism", 1},
            {"template", {{"metadata", metadata_of(spec)}, {"spec", pod_of(spec, results, carried)}}}}}};
}

// What clusters of 1.26 and 1.29 on know of pods that are taken away, and older ones drop: such a Job fails,
// and makes no other pod, neither beside the one that goes nor after it.
void forbid_replacement(json& job) {
  const json taken_away{{"type", "DisruptionTarget"}, {"status", "True"}};
  const json rule{{"action", "FailJob"}, {"onPodConditions", json::array({taken_away})}};
  job["spec"]["podFailurePolicy"] = {{"rules", json::array({rule})}};
  job["spec"]["podReplacementPolicy"] = "Failed";
}

std::string text_of(const json& body) {
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string job_body(const AttemptSpec& spec, const ClaimedDirectory& results, const CarriedPod* carried) {
  json job = job_of(spec, results, carried);
  forbid_replacement(job);
  return text_of(job);
}

std::string secret_body(const AttemptSpec& spec) {
  json data = json::object();
  for (size_t i = 0; i <= spec.init.size(); ++i) {
    const ContainerSpec& container = i == spec.init.size() ? spec.main : spec.init[i];
    for (const auto& [name, value] : container.environment) {
      if (container.secret_variables.contains(name)) data[secret_key(i, name)] = to_base64(value);
    }
  }
  if (data.empty()) return {};
  json metadata{{"name", spec.id.text}};
  metadata.update(metadata_of(spec));
  return text_of({{"apiVersion", "v1"}, {"kind", "Secret"}, {"metadata", metadata}, {"data", data}});
}

std::string job_by_hand(const AttemptSpec& spec, const ClaimedDirectory& results) {
  return "echo " + shell_quote(text_of(job_of(spec, results, nullptr))) + " | kubectl create -f -\n";
}

}  // namespace studyctl
