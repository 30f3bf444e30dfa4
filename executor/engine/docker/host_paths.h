#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace studyctl {

// What a container sees of its machine at one place.
struct SeenMount {
  std::filesystem::path inside;
  std::filesystem::path outside;  // empty where no other container can be given the same, as a tmpfs
};

// What the engine's machine calls the paths that this process knows. They are the same unless this process is
// in a container of that engine, which makes siblings of it by paths of the machine.
class HostPaths {
 public:
  HostPaths() = default;                           // no container
  explicit HostPaths(std::vector<SeenMount> seen)  // everything that is mounted into ours
      : is_in_container_(true), seen_(std::move(seen)) {}

  // Links are followed here, and lead nowhere else there. Invalid: `path` lies in this container alone; says
  // what to mount.
  Result<std::string> outside(const std::filesystem::path& path) const;

 private:
  bool is_in_container_ = false;
  std::vector<SeenMount> seen_;
};

// The id of the container that a process is in, by its /proc/self/mountinfo: both engines mount files that
// lie below a directory of that name. Nothing where it is in none, or they are kept elsewhere.
std::optional<std::string> own_container(std::string_view mountinfo);

}  // namespace studyctl
