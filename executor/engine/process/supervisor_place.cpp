#include "engine/process/supervisor_place.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>

namespace studyctl {
namespace {

constexpr char kName[] = "supervisor.sock";

// By the number of its open directory: 108 bytes are all that an address has (unix(7)).
struct Place {
  Fd directory;
  sockaddr_un address{};
};

Result<Place> place_in(const std::filesystem::path& directory) {
  Place place{Fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC))};
  if (!place.directory) return errno_error(directory.string());
  place.address.sun_family = AF_UNIX;
  const std::string path = "/proc/self/fd/" + std::to_string(place.directory.get()) + "/" + kName;
  std::memcpy(place.address.sun_path, path.c_str(), path.size() + 1);
  return place;
}

const sockaddr* address_of(const Place& place) {
  return reinterpret_cast<const sockaddr*>(&place.address);
}

Result<Fd> make_socket() {
  Fd made(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!made) return errno_error("socket");
  return made;
}

}  // namespace

Result<Fd> listen_in(const std::filesystem::path& directory) {
  auto place = place_in(directory);
  auto made = make_socket();
  if (!place || !made) return place ? std::move(made).error() : std::move(place).error();
  unlinkat(place->directory.get(), kName, 0);
  if (bind(made->get(), address_of(*place), sizeof place->address) != 0 || listen(made->get(), 64) != 0)
    return errno_error((directory / kName).string());
  return made;
}

Result<Fd> connect_to(const std::filesystem::path& directory) {
  auto place = place_in(directory);
  auto made = make_socket();
  if (!place || !made) return place ? std::move(made).error() : std::move(place).error();
  if (connect(made->get(), address_of(*place), sizeof place->address) != 0)
    return errno_error((directory / kName).string());
  return made;
}

}  // namespace studyctl
