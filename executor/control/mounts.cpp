#include "control/mounts.h"

#include <sys/stat.h>

#include "base/fd.h"

namespace studyctl {
namespace {

const Volume* find_volume(const PodTemplate& pod, const std::string& name) {
  for (const Volume& volume : pod.volumes)
    if (volume.name == name) return &volume;
  return nullptr;
}

std::filesystem::path place_of(const Volume& volume, const AttemptPaths& paths) {
  const auto* empty = std::get_if<EmptyDirVolume>(&volume.source);
  const bool is_of_run = empty && empty->scope == VolumeScope::Run;
  return (is_of_run ? paths.run_volumes : paths.scratch) / volume.name;
}

Mount mount_of(const Volume& volume, const AttemptPaths& paths) {
  Mount mount;
  if (const auto* host = std::get_if<HostPathVolume>(&volume.source)) {
    mount.source = host->path;
  } else if (const auto* named = std::get_if<NamedVolume>(&volume.source)) {
    mount.kind = Mount::Kind::Volume;
    mount.source = named->claim;
  } else if (const auto* empty = std::get_if<EmptyDirVolume>(&volume.source); empty && empty->in_memory) {
    mount.kind = Mount::Kind::Memory;
    mount.size_limit = empty->size_limit;
  } else {
    mount.source = place_of(volume, paths);
  }
  if (std::holds_alternative<ProjectedVolume>(volume.source)) mount.read_only = true;
  return mount;
}

Mount bind_mount(const std::filesystem::path& source, std::string target) {
  Mount mount;
  mount.source = source.string();
  mount.target = std::move(target);
  return mount;
}

// Open to every user of the container; the directory above it is open to us alone.
Result<void> make_open_directory(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return Error{ErrorCode::Unavailable, path.string() + ": " + error.message()};
  if (chmod(path.c_str(), 0777) != 0) return errno_error(path.string());
  return {};
}

Result<std::map<std::string, std::string>> files_of(const ProjectedVolume& source,
                                                    const ProjectedFiles& projected) {
  auto keys = projected(source);
  if (!keys || source.items.empty()) return keys;
  std::map<std::string, std::string> files;
  for (const auto& [key, path] : source.items) {
    const auto found = keys->find(key);
    if (found == keys->end())
      return Error{ErrorCode::NotFound, "'" + source.name + "' has no key '" + key + "'"};
    files[path] = found->second;
  }
  return files;
}

Result<void> write_files(const std::map<std::string, std::string>& files,
                         const std::filesystem::path& directory) {
  for (const auto& [path, content] : files) {
    std::error_code ignored;
    std::filesystem::create_directories((directory / path).parent_path(), ignored);
    if (auto written = write_file_atomically(directory / path, content, 0444); !written) return written;
  }
  return {};
}

Result<void> make_termination_message(const std::filesystem::path& file) {
  if (auto written = write_file_atomically(file, "", 0666); !written) return written;
  if (chmod(file.c_str(), 0666) != 0) return errno_error(file.string());
  return {};
}

}  // namespace

Result<std::vector<Mount>> mounts_of(const Container& container, const PodTemplate& pod,
                                     const std::string& results_path, const AttemptPaths& paths) {
  std::vector<Mount> mounts;
  mounts.push_back(bind_mount(paths.results, results_path));
  mounts.push_back(bind_mount(paths.study, "/study"));
  mounts.back().read_only = true;
  if (!container.termination_message_path.empty())
    mounts.push_back(bind_mount(paths.results / kTerminationMessage, container.termination_message_path));
  for (const VolumeMount& wanted : container.mounts) {
    const Volume* volume = find_volume(pod, wanted.volume);
    if (!volume) return Error{ErrorCode::Invalid, "volumeMounts: there is no volume '" + wanted.volume + "'"};
    Mount mount = mount_of(*volume, paths);
    if (!wanted.sub_path.empty()) mount.source += "/" + wanted.sub_path;
    mount.target = wanted.path;
    mount.read_only = mount.read_only || wanted.read_only;
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

Result<VolumePlan> plan_volumes(const PodTemplate& pod, const ProjectedFiles& projected) {
  VolumePlan plan;
  plan.has_termination_message = !pod.main.termination_message_path.empty();
  for (const Volume& volume : pod.volumes) {
    plan.places.push_back({volume, {}});
    const auto* source = std::get_if<ProjectedVolume>(&volume.source);
    if (!source) continue;
    auto files = files_of(*source, projected);
    if (!files) return std::move(files).error();
    plan.places.back().files = *std::move(files);
  }
  return plan;
}

Result<std::map<std::string, std::string>> make_volumes(const VolumePlan& plan, const AttemptPaths& paths) {
  if (plan.has_termination_message)
    if (auto made = make_termination_message(paths.results / kTerminationMessage); !made)
      return std::move(made).error();
  std::map<std::string, std::string> warmth;
  for (const auto& [volume, files] : plan.places) {
    const auto* empty = std::get_if<EmptyDirVolume>(&volume.source);
    const bool is_projected = std::holds_alternative<ProjectedVolume>(volume.source);
    const std::filesystem::path place = place_of(volume, paths);
    if (is_projected || (empty && !empty->in_memory))
      if (auto made = make_open_directory(place); !made) return std::move(made).error();
    if (auto written = write_files(files, place); !written) return std::move(written).error();
    std::error_code ignored;
    if (empty)
      warmth[volume.name] = empty->in_memory || std::filesystem::is_empty(place, ignored) ? "cold" : "warm";
  }
  return warmth;
}

}  // namespace studyctl
