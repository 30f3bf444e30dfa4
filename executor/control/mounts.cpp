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

Result<void> write_projected(const ProjectedVolume& source, const std::filesystem::path& directory,
                             const ProjectedFiles& projected) {
  auto files = projected(source);
  if (!files) return std::move(files).error();
  std::vector<std::pair<std::string, std::string>> items = source.items;
  if (items.empty())
    for (const auto& [key, content] : *files) items.emplace_back(key, key);
  for (const auto& [key, path] : items) {
    const auto file = files->find(key);
    if (file == files->end())
      return Error{ErrorCode::NotFound, "'" + source.name + "' has no key '" + key + "'"};
    std::error_code ignored;
    std::filesystem::create_directories((directory / path).parent_path(), ignored);
    if (auto written = write_file_atomically(directory / path, file->second, 0444); !written) return written;
  }
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

Result<std::map<std::string, std::string>> make_volumes(const PodTemplate& pod, const AttemptPaths& paths,
                                                        const ProjectedFiles& projected) {
  if (!pod.main.termination_message_path.empty()) {
    const std::filesystem::path file = paths.results / kTerminationMessage;
    if (auto written = write_file_atomically(file, "", 0666); !written) return std::move(written).error();
    if (chmod(file.c_str(), 0666) != 0) return errno_error(file.string());
  }
  std::map<std::string, std::string> warmth;
  for (const Volume& volume : pod.volumes) {
    const auto* empty = std::get_if<EmptyDirVolume>(&volume.source);
    const auto* files = std::get_if<ProjectedVolume>(&volume.source);
    const std::filesystem::path place = place_of(volume, paths);
    if (files || (empty && !empty->in_memory))
      if (auto made = make_open_directory(place); !made) return std::move(made).error();
    if (files)
      if (auto written = write_projected(*files, place, projected); !written)
        return std::move(written).error();
    std::error_code ignored;
    if (empty)
      warmth[volume.name] = empty->in_memory || std::filesystem::is_empty(place, ignored) ? "cold" : "warm";
  }
  return warmth;
}

}  // namespace studyctl
