#include "engine/docker/kernel_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>

namespace studyctl {
namespace {

constexpr size_t kRemembered = 1024;
constexpr size_t kIdLength = 64;

}  // namespace

// Paths end in /docker/<id>, /libpod-<id>, docker-<id>.scope or libpod-<id>.scope; deeper ones belong to it
// too.
std::optional<std::string> oom_container(std::string_view line) {
  if (line.find("oom-kill:constraint=CONSTRAINT_MEMCG") == std::string_view::npos) return std::nullopt;
  constexpr std::string_view kKey = "oom_memcg=";
  const size_t at = line.find(kKey);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view path = line.substr(at + kKey.size(), line.find(',', at) - at - kKey.size());
  size_t run = 0;
  for (size_t i = 0; i < path.size(); ++i) {
    const auto c = static_cast<unsigned char>(path[i]);
    run = std::isdigit(c) || (c >= 'a' && c <= 'f') ? run + 1 : 0;
    if (run == kIdLength) return std::string(path.substr(i + 1 - kIdLength, kIdLength));
  }
  return std::nullopt;
}

// Reading begins at the oldest record: a controller that comes back may have missed some.
KernelLog::KernelLog(const std::filesystem::path& device)
    : device_(open(device.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {}

bool KernelLog::killed_in(const std::string& container) {
  read_on();
  return std::find(killed_.begin(), killed_.end(), container) != killed_.end();
}

void KernelLog::read_on() {
  std::array<char, 8192> record{};
  while (device_) {
    const ssize_t length = read(device_.get(), record.data(), record.size());
    if (length < 0 && (errno == EPIPE || errno == EINTR)) continue;
    if (length <= 0) break;
    auto id = oom_container(std::string_view(record.data(), static_cast<size_t>(length)));
    if (!id) continue;
    killed_.push_back(std::move(*id));
    if (killed_.size() > kRemembered) killed_.pop_front();
  }
}

}  // namespace studyctl
