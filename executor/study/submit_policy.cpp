#include "study/submit_policy.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "plan/variant.h"

namespace studyctl {
namespace {

constexpr std::string_view kWritable = ":rw";

std::filesystem::path real(const std::filesystem::path& path) {
  std::error_code error;
  const auto canonical = std::filesystem::weakly_canonical(path, error);
  return error ? path : canonical;
}

bool lies_in(const std::filesystem::path& path, const std::filesystem::path& directory) {
  const auto [end, rest] = std::mismatch(directory.begin(), directory.end(), path.begin(), path.end());
  return end == directory.end();
}

class Check {
 public:
  explicit Check(const SubmitPolicy& policy) : policy_(policy) {}

  void look_at(const PodTemplate& pod) {
    if (pod.host_network) refuse_privilege("hostNetwork");
    for (const char* name : {"serviceAccountName", "automountServiceAccountToken"})
      if (pod.cluster_fields.contains(name)) refuse_privilege(name);
    for (const Volume& volume : pod.volumes)
      if (const auto* host = std::get_if<HostPathVolume>(&volume.source))
        look_at(host->path, is_writable(pod, volume.name));
    look_at(pod.main);
    for (const Container& container : pod.init_containers) look_at(container);
  }

  // Its commands are no container's: they may whatever this service's own user may.
  void look_at(EngineKind engine) {
    if (engine == EngineKind::Process || engine == EngineKind::Slurm)
      refuse_privilege("execution.engine: " + std::string(name_of(engine)));
  }

  Result<void> verdict() const {
    if (problems_.empty()) return {};
    const std::vector<std::string> lines(problems_.begin(), problems_.end());
    return Error{ErrorCode::Invalid, join(lines, "\n")};
  }

 private:
  static bool is_writable(const PodTemplate& pod, const std::string& volume) {
    const auto writes = [&](const Container& container) {
      return std::any_of(container.mounts.begin(), container.mounts.end(), [&](const VolumeMount& mount) {
        return mount.volume == volume && !mount.read_only;
      });
    };
    return writes(pod.main) || std::any_of(pod.init_containers.begin(), pod.init_containers.end(), writes);
  }

  void look_at(const std::string& path, bool is_written) {
    const std::filesystem::path place = real(path);
    bool is_readable = false;
    for (std::string allowed : policy_.host_paths) {
      const bool may_be_written = allowed.ends_with(kWritable);
      if (may_be_written) allowed.resize(allowed.size() - kWritable.size());
      if (!lies_in(place, real(allowed))) continue;
      if (may_be_written || !is_written) return;
      is_readable = true;
    }
    problems_.insert("hostPath " + path + ": this service lets nobody " +
                     (is_readable ? "write there; mount it readOnly: true"
                                  : "mount it; `studyctl serve --allow-host-path` says what may be"));
  }

  void look_at(const Container& container) {
    const SecurityContext& security = container.security;
    if (security.privileged) refuse_privilege("privileged: true");
    if (security.allow_privilege_escalation) refuse_privilege("allowPrivilegeEscalation: true");
    if (!security.add_capabilities.empty())
      refuse_privilege("capabilities.add: " + join(security.add_capabilities, ", "));
    if (const auto ports = container.cluster_fields.find("ports");
        ports != container.cluster_fields.end() && ports->second.find("hostPort") != std::string::npos)
      refuse_privilege("ports: hostPort");
    for (const DeviceRequest& device : container.resources.devices)
      if (device.kind.starts_with('/') &&
          std::find(policy_.devices.begin(), policy_.devices.end(), device.kind) == policy_.devices.end())
        problems_.insert(
            device.kind +
            ": this service passes it to nobody; `studyctl serve --allow-device` says what it does");
    const auto fits = [&](const std::string& pattern) { return is_of(container.image, pattern); };
    if (!policy_.images.empty() && std::none_of(policy_.images.begin(), policy_.images.end(), fits))
      problems_.insert("image " + container.image + ": this service runs none but " +
                       join(policy_.images, ", "));
  }

  // What is put in for a parameter may be anything: only what stands before it can be held against a pattern.
  static bool is_of(const std::string& image, const std::string& pattern) {
    const size_t star = pattern.find('*');
    if (star == std::string::npos) return image == pattern;
    return image.substr(0, image.find("${")).starts_with(pattern.substr(0, star));
  }

  void refuse_privilege(const std::string& what) {
    if (!policy_.allows_privileged)
      problems_.insert(what +
                       ": this service gives nobody privileges; `studyctl serve --allow-privileged` does");
  }

  const SubmitPolicy& policy_;
  std::set<std::string> problems_;
};

}  // namespace

Result<void> check_policy(const SubmitPolicy& policy, const LoadedStudy& study) {
  Check check(policy);
  check.look_at(study.study().execution.engine);
  check.look_at(study.study().pod);
  if (!study.study().overrides.empty())
    visit_shapes(study.study(), *study.plan,
                 [&](const Point&, const Variant& variant) { check.look_at(variant.pod); });
  return check.verdict();
}

}  // namespace studyctl
