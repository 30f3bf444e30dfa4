#include "engine/docker/host_paths.h"

#include <algorithm>

#include "base/text.h"

namespace studyctl {
namespace {

constexpr size_t kIdLength = 64;
constexpr size_t kRootField = 3;
constexpr size_t kPlaceField = 4;

bool lies_in(const std::filesystem::path& path, const std::filesystem::path& directory) {
  return std::mismatch(directory.begin(), directory.end(), path.begin(), path.end()).first == directory.end();
}

bool is_id(const std::string& text) {
  return text.size() == kIdLength && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

Result<std::string> HostPaths::outside(const std::filesystem::path& path) const {
  if (!is_in_container_) return path.string();
  std::error_code error;
  const std::filesystem::path place = std::filesystem::weakly_canonical(path, error);
  if (error) return Error{ErrorCode::Invalid, path.string() + ": " + error.message()};
  const SeenMount* nearest = nullptr;
  for (const SeenMount& mount : seen_)
    if (lies_in(place, mount.inside) && (!nearest || lies_in(mount.inside, nearest->inside)))
      nearest = &mount;
  if (!nearest || nearest->outside.empty())
    return Error{ErrorCode::Invalid,
                 path.string() +
                     " lies in the controller's own container, so no other one can have it: "
                     "mount a directory of the machine there, as compose.yaml does"};
  const std::filesystem::path rest = place.lexically_relative(nearest->inside);
  return (rest == "." ? nearest->outside : nearest->outside / rest).string();
}

std::optional<std::string> own_container(std::string_view mountinfo) {
  for (const std::string& line : split(std::string(mountinfo), '\n')) {
    const std::vector<std::string> fields = split(line, ' ');
    if (fields.size() <= kPlaceField) continue;
    const std::string& place = fields[kPlaceField];
    if (place != "/etc/hostname" && place != "/etc/hosts" && place != "/etc/resolv.conf") continue;
    const std::vector<std::string> parts = split(fields[kRootField], '/');
    const auto id = std::find_if(parts.begin(), parts.end(), is_id);
    if (id != parts.end()) return *id;
  }
  return std::nullopt;
}

}  // namespace studyctl
