#include "engine/allocation/allocated_devices.h"

#include <fcntl.h>

#include "base/fd.h"
#include "base/text.h"

namespace studyctl {

std::optional<AllocatedDevices::Lease> AllocatedDevices::lease_of(size_t index) const {
  const auto text = read_file(file_of(index), 4096);
  if (!text) return std::nullopt;
  const std::vector<std::string> parts = split(*text, '\n');
  return Lease{parts.front(), parts.size() > 1 ? parts[1] : ""};
}

std::vector<std::string> AllocatedDevices::held_by(const std::string& attempt) const {
  std::vector<std::string> held;
  for (size_t i = 0; i < devices_.size(); ++i)
    if (const auto lease = lease_of(i); lease && lease->attempt == attempt) held.push_back(devices_[i]);
  return held;
}

Result<std::optional<std::vector<std::string>>> AllocatedDevices::lease(const std::string& attempt,
                                                                        const std::string& run,
                                                                        size_t count) {
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  std::vector<std::string> leased = held_by(attempt);
  for (size_t i = 0; i < devices_.size() && leased.size() < count; ++i) {
    const std::filesystem::path file = file_of(i);
    const Fd made(open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!made && errno == EEXIST) continue;
    if (!made) return errno_error(file.string());
    if (auto written = write_all(made.get(), attempt + "\n" + run); !written) return written.error();
    leased.push_back(devices_[i]);
  }
  if (leased.size() == count) return std::optional(std::move(leased));
  release(attempt);
  return std::optional<std::vector<std::string>>();
}

void AllocatedDevices::release(const std::string& attempt) {
  release_others([&](const std::string& other, const std::string&) { return other != attempt; });
}

void AllocatedDevices::release_others(
    const std::function<bool(const std::string& attempt, const std::string& run)>& is_kept) {
  for (size_t i = 0; i < devices_.size(); ++i) {
    const auto lease = lease_of(i);
    std::error_code ignored;
    if (lease && !is_kept(lease->attempt, lease->run)) std::filesystem::remove(file_of(i), ignored);
  }
}

}  // namespace studyctl
