#include "engine/docker/engine_process.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <sstream>

#include "base/fd.h"

namespace studyctl {
namespace {

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return std::string((std::istreambuf_iterator<char>(file)), {});
}

// A socket that systemd listens at names systemd.
bool is_engine(const std::string& name) {
  return name.starts_with("dockerd") || name.starts_with("podman");
}

// Field 22 of /proc/<pid>/stat, in clock ticks since boot; the name in field 2 may hold anything.
std::optional<long long> start_ticks(pid_t pid) {
  const std::string stat = text_of("/proc/" + std::to_string(pid) + "/stat");
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(stat.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 22; ++field) fields >> skipped;
  long long ticks = 0;
  if (!(fields >> ticks)) return std::nullopt;
  return ticks;
}

}  // namespace

Instant machine_started_at() {
  timespec since_boot{};
  clock_gettime(CLOCK_BOOTTIME, &since_boot);
  const auto uptime = std::chrono::seconds(since_boot.tv_sec) + std::chrono::nanoseconds(since_boot.tv_nsec);
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now() - uptime);
}

std::optional<Instant> engine_started_at(const std::string& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.empty() || socket.size() >= sizeof address.sun_path) return std::nullopt;
  std::memcpy(address.sun_path, socket.c_str(), socket.size());
  const Fd connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!connection) return std::nullopt;
  if (connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return std::nullopt;
  ucred peer{};
  socklen_t length = sizeof peer;
  if (getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0 || peer.pid <= 0)
    return std::nullopt;
  if (!is_engine(text_of("/proc/" + std::to_string(peer.pid) + "/comm"))) return std::nullopt;
  const auto ticks = start_ticks(peer.pid);
  if (!ticks) return std::nullopt;
  return machine_started_at() + Duration(*ticks * 1000 / sysconf(_SC_CLK_TCK));
}

}  // namespace studyctl
