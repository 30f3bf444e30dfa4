#pragma once

#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "io/event_loop.h"

namespace studyctl {

// The id of the container whose memory limit made the kernel kill, from a line of its log:
// "oom-kill:constraint= CONSTRAINT_MEMCG,…,oom_memcg=/docker/<id>,…"; nothing for any other line.
std::optional<std::string> oom_container(std::string_view line);

// Watches the kernel's log for containers that it killed for lack of memory: the only proof on engines that
// keep none. Where the log may not be read it knows nothing.
class KernelLog {
 public:
  explicit KernelLog(EventLoop& loop, const std::filesystem::path& device = "/dev/kmsg");
  ~KernelLog();
  KernelLog(const KernelLog&) = delete;
  KernelLog& operator=(const KernelLog&) = delete;

  bool is_readable() const { return static_cast<bool>(device_); }
  // Whether the kernel killed in this container, as far as its log still knows.
  bool killed_in(const std::string& container);

 private:
  void read_records();

  EventLoop& loop_;
  Fd device_;
  std::deque<std::string> killed_;
};

}  // namespace studyctl
