#include "service/preflight.h"

#include <sys/statvfs.h>

#include <set>

#include "base/log.h"
#include "base/text.h"
#include "engine/telemetry/nvml.h"
#include "plan/experiment.h"
#include "plan/plan_values.h"
#include "plan/start_queue.h"
#include "plan/variant.h"
#include "service/engine_limits.h"
#include "service/trial.h"
#include "store/harvest/sync.h"
#include "study/applied_manifest.h"
#include "study/run_text.h"
#include "study/secret_sources.h"

namespace studyctl {
namespace {

constexpr int64_t kLeastFree = 16 << 20;
constexpr size_t kMostProblems = 20;
constexpr size_t kMeasuredDirectories = 20;

int64_t free_bytes(const std::filesystem::path& path) {
  struct statvfs found {};
  if (statvfs(path.c_str(), &found) != 0) return 0;
  return static_cast<int64_t>(found.f_bavail) * static_cast<int64_t>(found.f_frsize);
}

// What a repetition left on the volume, on average over some of the study's newest run; 0 when there was
// none.
uint64_t bytes_per_repetition(const ResultsVolume& volume, const std::string& study) {
  uint64_t bytes = 0, seen = 0;
  std::error_code error;
  const std::filesystem::path experiments = volume.root() / study / "latest" / "experiments";
  for (std::filesystem::recursive_directory_iterator entry(experiments, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!entry->path().filename().string().starts_with("attempt-")) continue;
    entry.disable_recursion_pending();
    bytes += tree_size(entry->path());
    if (++seen == kMeasuredDirectories) break;
  }
  return seen == 0 ? 0 : bytes / seen;
}

void check_space(const PreflightParts& parts, std::vector<std::string>& problems) {
  const int64_t there = free_bytes(parts.volume.root());
  const uint64_t each = bytes_per_repetition(parts.volume, parts.study.study().name);
  const auto wanted = static_cast<int64_t>(each * parts.study.repetitions());
  const std::string root = parts.volume.root().string();
  if (there < kLeastFree) {
    problems.push_back(root + ": " + human_bytes(there) + " are free, at least " + human_bytes(kLeastFree) +
                       " are needed");
  } else if (wanted > there) {
    problems.push_back(root + ": " + human_bytes(there) + " are free; " +
                       std::to_string(parts.study.repetitions()) + " repetitions at " +
                       human_bytes(static_cast<int64_t>(each)) + " each, as earlier ones took, need " +
                       human_bytes(wanted));
  }
}

void check_mounts(const PreflightParts& parts, std::vector<std::string>& problems) {
  if (auto fine = parts.engine.can_mount(parts.volume.root()); !fine)
    problems.push_back(fine.error().message);
  for (const Volume& volume : parts.study.study().pod.volumes) {
    const auto* host = std::get_if<HostPathVolume>(&volume.source);
    if (!host) continue;
    const std::string where = "spec.template.spec.volumes[" + volume.name + "].hostPath.path: ";
    if (auto fine = parts.engine.can_mount(host->path); !fine) {
      problems.push_back(where + fine.error().message);
    } else if (!std::filesystem::exists(host->path)) {
      problems.push_back(where + host->path + " does not exist on this machine: make it, or mend the path");
    }
  }
}

void check_secrets(const PreflightParts& parts, const SecretSources& secrets,
                   std::vector<std::string>& problems) {
  const PodTemplate& pod = parts.study.study().pod;
  const auto expect = [&](const std::optional<SecretReference>& reference) {
    if (!reference) return;
    if (auto value = secrets.value(*reference); !value) problems.push_back(value.error().message);
  };
  const auto check = [&](const Container& container) {
    for (const EnvironmentVariable& variable : container.environment) expect(variable.secret);
  };
  for (const Notification& rule : parts.study.manifest.notifications) {
    if (rule.webhook) expect(rule.webhook->url_reference);
    if (rule.webhook) expect(rule.webhook->secret);
    if (rule.email) expect(rule.email->password);
  }
  for (const Container& container : pod.init_containers) check(container);
  check(pod.main);
  for (const Volume& volume : pod.volumes)
    if (const auto* projected = std::get_if<ProjectedVolume>(&volume.source))
      if (auto files = secrets.files(*projected); !files) problems.push_back(files.error().message);
}

Result<std::string> prepare_image(const PreflightParts& parts, const std::string& image, PullPolicy policy) {
  std::optional<Result<std::string>> answer;
  parts.engine.prepare_image(image, policy, [&](Result<std::string> digest) { answer = std::move(digest); });
  while (!answer) parts.loop.run_once(std::chrono::seconds(1));
  return *std::move(answer);
}

using ImageUse = std::pair<std::string, PullPolicy>;

// Of all experiments, those that overrides change too.
std::set<ImageUse> images_of(const Study& study, const Plan& plan) {
  std::set<ImageUse> images;
  std::map<std::vector<size_t>, std::vector<ImageUse>> by_overrides;
  const auto uses_of = [](const PodTemplate& pod) {
    std::vector<ImageUse> uses = {{pod.main.image, pod.main.pull_policy}};
    for (const Container& container : pod.init_containers)
      uses.emplace_back(container.image, container.pull_policy);
    return uses;
  };
  if (study.overrides.empty()) {
    for (const auto& [text, policy] : uses_of(study.pod))
      for (const std::string& image : values_of(plan, text)) images.insert({image, policy});
    return images;
  }
  for (uint64_t index = 0; index < plan.size(); ++index) {
    const Point point = plan.at(index);
    SubstitutionScope scope;
    scope.point = &point;
    std::vector<size_t> overrides = matching_overrides(study, point);
    auto known = by_overrides.find(overrides);
    if (known == by_overrides.end()) {
      std::vector<ImageUse> uses = uses_of(variant_of(study, overrides).pod);
      known = by_overrides.emplace(std::move(overrides), std::move(uses)).first;
    }
    for (const auto& [text, policy] : known->second)
      if (auto image = substitute(text, scope)) images.insert({*std::move(image), policy});
  }
  return images;
}

// A rule about a GPU holds only where somebody tells of GPUs.
std::optional<std::string> cannot_be_watched(const Execution& execution, const Room& need) {
  if (!need.devices.contains("nvidia.com/gpu")) return std::nullopt;
  if (!execution.gpu_require_idle && !execution.cooldown.gpu_temperature_below) return std::nullopt;
  if (const auto nvml = Nvml::open(); nvml && !nvml->read().empty()) return std::nullopt;
  return std::string(execution.gpu_require_idle ? "gpu.requireIdle: who uses a GPU"
                                                : "cooldown.gpuTemperatureBelow: how hot a GPU is") +
         " is not known here, since libnvidia-ml.so.1 tells of none; install the driver's library or "
         "take the rule out";
}

// Every need that some experiment has must be met by the machine.
void check_room(const PreflightParts& parts, std::vector<std::string>& problems) {
  const Study& study = parts.study.study();
  const Room room{parts.inventory.millicpu, parts.inventory.memory_bytes, parts.inventory.devices};
  visit_overrides(parts.study, [&](const Point&, const std::vector<size_t>& overrides) {
    const Room need = need_of(variant_of(study, overrides).pod.main.resources);
    auto problem = does_not_fit(room, need);
    if (!problem) problem = cannot_be_watched(study.execution, need);
    const std::string where = place_of(study, overrides);
    if (problem) problems.push_back(where.empty() ? *problem : where + ": " + *problem);
    return true;
  });
}

ImageDigests check_images(const PreflightParts& parts, std::vector<std::string>& problems) {
  const std::set<ImageUse> images = images_of(parts.study.study(), *parts.study.plan);
  ImageDigests digests;
  for (const auto& [image, policy] : images) {
    if (problems.size() >= kMostProblems) break;
    const auto digest = prepare_image(parts, image, policy);
    if (digest) digests[image] = *digest;
    if (!digest) problems.push_back(digest.error().message);
  }
  return digests;
}

}  // namespace

void visit_overrides(const LoadedStudy& study,
                     const std::function<bool(const Point&, const std::vector<size_t>&)>& visit) {
  std::set<std::vector<size_t>> seen;
  const uint64_t points = study.study().overrides.empty() ? 1 : study.plan->size();
  for (uint64_t index = 0; index < points; ++index) {
    const Point point = study.plan->at(index);
    const std::vector<size_t> overrides = matching_overrides(study.study(), point);
    if (seen.insert(overrides).second && !visit(point, overrides)) return;
  }
}

std::string place_of(const Study& study, const std::vector<size_t>& overrides) {
  return overrides.empty() ? "" : study.overrides[overrides.back()].place;
}

Result<ImageDigests> preflight(const PreflightParts& parts) {
  std::vector<std::string> problems = not_heeded(parts.study.study(), parts.inventory.kind);
  if (const auto fields = left_out(parts.study.study(), parts.inventory.kind); !fields.empty())
    log::warning("of spec.template only a cluster knows " + join(fields, ", ") + ": left out here");
  check_room(parts, problems);
  check_mounts(parts, problems);
  check_space(parts, problems);
  if (parts.secrets) check_secrets(parts, *parts.secrets, problems);
  ImageDigests digests = check_images(parts, problems);
  if (problems.empty() && parts.inventory.kind == name_of(EngineKind::Kubernetes))
    if (auto tried = try_template(parts); !tried) problems.push_back(tried.error().message);
  if (problems.empty()) return digests;
  return Error{ErrorCode::Invalid, "nothing was started:\n  " + join(problems, "\n  ")};
}

ImageDigests image_digests(const PreflightParts& parts) {
  std::vector<std::string> problems;
  return check_images(parts, problems);
}

std::string image_of(const LoadedStudy& study, uint64_t index) {
  const Point point = study.plan->at(index);
  SubstitutionScope scope;
  scope.point = &point;
  const std::string written = variant_of(study.study(), point).pod.main.image;
  auto image = substitute(written, scope);
  return image ? *std::move(image) : written;
}

Result<void> expect_same_images(const Catalog& catalog, const RunSummary& run, const ImageDigests& now) {
  if (count_in(run, RepetitionState::Succeeded) == 0) return {};
  const auto manifest = recorded_manifest(catalog, run.record.id);
  if (!manifest) return manifest.error();
  const std::map<std::string, std::string> known = manifest->newest_environment();
  for (const auto& [image, digest] : now) {
    const auto before = known.find(image_fact(image));
    if (before == known.end() || before->second == digest) continue;
    return Error{ErrorCode::Invalid,
                 "image " + printable(image) + " is another now (" + digest.substr(0, 19) +
                     ") than what has succeeded ran (" + before->second.substr(0, 19) +
                     "): --accept-image-change goes on with it, apply --fresh begins anew"};
  }
  return {};
}

}  // namespace studyctl
