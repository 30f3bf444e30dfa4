#include "engine/docker/engine_process.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <sstream>

#include "base/fd.h"

namespace studyctl {
namespace {

// A socket that systemd listens at names systemd.
bool is_engine(const std::string& name) {
  return name.starts_with("dockerd") || name.starts_with("podman");
}

// Field 22 of /proc/<pid>/stat, in clock ticks since boot; the name in field 2 may hold anything.
std::optional<long long> start_ticks(pid_t pid) {
  const std::string stat = read_or_empty("/proc/" + std::to_string(pid) + "/stat");
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(stat.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 22; ++field) fields >> skipped;
  long long ticks = 0;
  if (!(fields >> ticks)) return std::nullopt;
  return ticks;
}

// "Max processes             32768                32768                processes": the second number.
int64_t hard_limit(const std::string& limits, const std::string& name) {
  const size_t at = limits.find(name);
  if (at == std::string::npos) return INT64_MAX;
  std::istringstream fields(limits.substr(at + name.size()));
  std::string soft, hard;
  fields >> soft >> hard;
  return hard.empty() || hard == "unlimited" ? INT64_MAX : std::atoll(hard.c_str());
}

bool has_capability(const std::string& status, int bit) {
  const size_t at = status.find("CapEff:");
  if (at == std::string::npos) return true;
  return (std::strtoull(status.c_str() + at + 7, nullptr, 16) >> bit & 1) != 0;
}

pid_t listener_of(const std::string& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.empty() || socket.size() >= sizeof address.sun_path) return 0;
  std::memcpy(address.sun_path, socket.c_str(), socket.size());
  const Fd connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!connection) return 0;
  if (connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return 0;
  ucred peer{};
  socklen_t length = sizeof peer;
  return getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 ? peer.pid : 0;
}

}  // namespace

Instant machine_started_at() {
  timespec since_boot{};
  clock_gettime(CLOCK_BOOTTIME, &since_boot);
  const auto uptime = std::chrono::seconds(since_boot.tv_sec) + std::chrono::nanoseconds(since_boot.tv_nsec);
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now() - uptime);
}

std::optional<EngineProcess> engine_process(const std::string& socket) {
  constexpr int kSysResource = 24;
  EngineProcess process;
  process.pid = listener_of(socket);
  if (process.pid <= 0) return std::nullopt;
  const std::string folder = "/proc/" + std::to_string(process.pid);
  if (!is_engine(read_or_empty(folder + "/comm"))) return std::nullopt;
  const auto ticks = start_ticks(process.pid);
  if (!ticks) return std::nullopt;
  process.started_at = machine_started_at() + Duration(*ticks * 1000 / sysconf(_SC_CLK_TCK));
  const std::string limits = read_or_empty(folder + "/limits");
  process.most_files = hard_limit(limits, "Max open files");
  process.most_processes = hard_limit(limits, "Max processes");
  process.may_raise_limits = has_capability(read_or_empty(folder + "/status"), kSysResource);
  return process;
}

}  // namespace studyctl
