#include "engine/telemetry/kernel_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <ctime>

#include "base/text.h"

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

// NVIDIA's catalogue of them says so of these; most hardware faults are elsewhere.
bool Xid::may_be_the_programs() const {
  constexpr std::array<int, 6> kPrograms = {13, 31, 43, 45, 68, 69};
  return std::find(kPrograms.begin(), kPrograms.end(), number) != kPrograms.end();
}

std::optional<Xid> xid_in(std::string_view record, Instant booted) {
  constexpr std::string_view kBegin = "NVRM: Xid (PCI:";
  const size_t at = record.find(kBegin);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = record.substr(at + kBegin.size());
  rest = rest.substr(0, rest.find('\n'));
  const size_t close = rest.find("): ");
  if (close == std::string_view::npos) return std::nullopt;
  Xid xid;
  xid.pci = rest.substr(0, std::min(close, rest.find('.')));
  rest.remove_prefix(close + 3);
  if (std::from_chars(rest.data(), rest.data() + rest.size(), xid.number).ec != std::errc())
    return std::nullopt;
  xid.text = "Xid " + std::string(rest);
  int64_t microseconds = 0;
  const std::vector<std::string> head = split(record.substr(0, record.find(';')), ',');
  if (head.size() > 2) std::from_chars(head[2].data(), head[2].data() + head[2].size(), microseconds);
  xid.at = booted + std::chrono::duration_cast<Duration>(std::chrono::microseconds(microseconds));
  return xid;
}

std::optional<Xid> KernelLog::xid_of(const std::string& pci, Instant since) {
  read_on();
  std::optional<Xid> found;
  for (const Xid& xid : xids_) {
    if (xid.pci != pci || xid.at < since) continue;
    if (!found || found->may_be_the_programs() || xid.is_loss()) found = xid;
  }
  return found;
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
  timespec since_boot{};
  clock_gettime(CLOCK_MONOTONIC, &since_boot);
  const Instant booted = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now() -
                                                                std::chrono::seconds(since_boot.tv_sec));
  while (device_) {
    const ssize_t length = read(device_.get(), record.data(), record.size());
    if (length < 0 && (errno == EPIPE || errno == EINTR)) continue;
    if (length <= 0) break;
    const std::string_view text(record.data(), static_cast<size_t>(length));
    if (auto xid = xid_in(text, booted)) {
      xids_.push_back(std::move(*xid));
      if (xids_.size() > kRemembered) xids_.pop_front();
    }
    auto id = oom_container(text);
    if (!id) continue;
    killed_.push_back(std::move(*id));
    if (killed_.size() > kRemembered) killed_.pop_front();
  }
}

}  // namespace studyctl
