#pragma once

#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/fd.h"

namespace studyctl {

// The id of the container whose memory limit made the kernel kill, from a line of its log:
// "oom-kill:constraint= CONSTRAINT_MEMCG,…,oom_memcg=/docker/<id>,…"; nothing for any other line.
std::optional<std::string> oom_container(std::string_view line);

// What NVIDIA's driver reported of a device: "NVRM: Xid (PCI:0000:65:00): 79, pid=…, GPU has fallen off …".
struct Xid {
  std::string pci;  // "0000:65:00"
  int number = 0;
  std::string text;  // "Xid 79, pid=1234, name=python, GPU has fallen off the bus."
  Instant at;

  // True of those that a faulty program causes as well, which are most of all.
  bool may_be_the_programs() const;
  // True when the device is gone.
  bool is_loss() const { return number == 79; }
};
// Of a record of /dev/kmsg, "6,1234,5678901,-;NVRM: Xid …"; `booted`: the kernel's 0.
std::optional<Xid> xid_in(std::string_view record, Instant booted);

// What the kernel's log says of containers that it killed for lack of memory: the only proof on engines that
// keep none. Where the log may not be read it knows nothing.
class KernelLog {
 public:
  explicit KernelLog(const std::filesystem::path& device = "/dev/kmsg");

  bool is_readable() const { return static_cast<bool>(device_); }
  // Whether the kernel killed in this container, as far as its log still knows.
  bool killed_in(const std::string& container);
  // The latest that is known of `pci` since `since`, the gravest first.
  std::optional<Xid> xid_of(const std::string& pci, Instant since);
  // Notes what was written since, before the kernel forgets it. Each container that starts or ends makes it
  // write some lines, so nobody waits for them.
  void read_on();

 private:
  Fd device_;
  std::deque<std::string> killed_;
  std::deque<Xid> xids_;
};

}  // namespace studyctl
