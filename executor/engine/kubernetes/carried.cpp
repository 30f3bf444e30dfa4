#include "engine/kubernetes/carried.h"

#include <algorithm>

#include "engine/kubernetes/job_body.h"
#include "engine/labels.h"

namespace studyctl {
namespace {

bool is_below(const std::filesystem::path& path, const std::filesystem::path& directory) {
  const std::filesystem::path rest = path.lexically_relative(directory);
  return !rest.empty() && *rest.begin() != "..";
}

}  // namespace

std::optional<size_t> CarriedPod::place_of(const Mount& mount) const {
  if (mount.kind != Mount::Kind::Bind) return std::nullopt;
  const auto found = std::find_if(plan.places.begin(), plan.places.end(),
                                  [&](const CarriedPlace& place) { return place.path == mount.source; });
  if (found == plan.places.end()) return std::nullopt;
  return static_cast<size_t>(found - plan.places.begin());
}

Result<CarriedPod> carried_pod(const AttemptSpec& spec, const CarryOptions& options) {
  CarriedPod pod{options, {label_of(spec.labels, kRunLabel), {}}};
  const auto add = [&](const Mount& mount) -> Result<void> {
    if (mount.kind != Mount::Kind::Bind || !is_below(mount.source, options.root)) return {};
    const bool is_own = is_below(mount.source, spec.directory.parent_path());
    if (!is_own && !mount.read_only)
      return Error{ErrorCode::Invalid,
                   "mount " + mount.target + ": " + mount.source +
                       " is written by several attempts, which cannot be carried; it wants "
                       "results that nodes mount"};
    const bool is_scratch = is_below(mount.source, spec.scratch);
    const bool is_results = mount.source == spec.directory;
    const bool comes_home = is_own && !mount.read_only && !is_scratch;
    if (const auto known = pod.place_of(mount)) {
      CarriedPlace& place = pod.plan.places[*known];
      place.comes_home = place.comes_home || comes_home;
    } else {
      pod.plan.places.push_back({mount.source, comes_home, is_results});
    }
    return {};
  };
  for (const ContainerSpec& container : spec.init)
    for (const Mount& mount : container.mounts)
      if (auto added = add(mount); !added) return std::move(added).error();
  for (const Mount& mount : spec.main.mounts)
    if (auto added = add(mount); !added) return std::move(added).error();
  return pod;
}

}  // namespace studyctl
