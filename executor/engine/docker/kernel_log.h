#pragma once

#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace studyctl {

// The id of the container whose memory limit made the kernel kill, from a line of its log:
// "oom-kill:constraint= CONSTRAINT_MEMCG,…,oom_memcg=/docker/<id>,…"; nothing for any other line.
std::optional<std::string> oom_container(std::string_view line);

// What the kernel's log says of containers that it killed for lack of memory: the only proof on engines that
// keep none. Where the log may not be read it knows nothing.
class KernelLog {
 public:
  explicit KernelLog(const std::filesystem::path& device = "/dev/kmsg");

  bool is_readable() const { return static_cast<bool>(device_); }
  // Whether the kernel killed in this container, as far as its log still knows.
  bool killed_in(const std::string& container);
  // Notes what was written since, before the kernel forgets it. Each container that starts or ends makes it
  // write some lines, so nobody waits for them.
  void read_on();

 private:
  Fd device_;
  std::deque<std::string> killed_;
};

}  // namespace studyctl
