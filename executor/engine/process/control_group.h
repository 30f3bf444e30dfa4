#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace studyctl {

// What a process and all that it starts may take, together.
struct ProcessLimits {
  std::optional<int64_t> memory_bytes{}, millicpu{}, pids{};
  bool operator==(const ProcessLimits&) const = default;
};

// A control group for one process and all that it starts. It is removed with this object, once it is empty.
class ControlGroup {
 public:
  ControlGroup() = default;  // none
  ControlGroup(ControlGroup&&) = default;
  ControlGroup& operator=(ControlGroup&&) = default;
  ~ControlGroup();

  // Files that take a process which writes "0" to each (cgroups(7)).
  std::vector<int> entrances() const;
  // How often the kernel killed in it for its memory limit.
  uint64_t oom_kills() const;
  // CPU time that its processes have used; nothing where the kernel counts it elsewhere.
  std::optional<double> cpu_seconds() const;
  // All that is in it, also what has left its session.
  void kill_all() const;

 private:
  friend class ControlGroups;
  std::vector<std::filesystem::path> directories_;
  std::vector<Fd> entrances_;
};

struct CgroupPlaces {
  std::filesystem::path root = "/sys/fs/cgroup";
  std::filesystem::path own = "/proc/self/cgroup";
};

// The control groups of a supervisor's processes: of cgroup v2 where this process may make some below its own
// group (or, as root, below the topmost), else of v1. Docs: Linux's admin-guide/cgroup-v2.rst and cgroup-v1/.
class ControlGroups {
 public:
  // `name` tells its groups from those of others. What an earlier supervisor of this name left is killed and
  // removed.
  ControlGroups() = default;
  ControlGroups(ControlGroups&&) = default;
  ControlGroups& operator=(ControlGroups&&) = default;
  ~ControlGroups();
  static ControlGroups find(const std::string& name, const CgroupPlaces& places = {});

  // Why there can be none; empty where there can.
  const std::string& trouble() const { return trouble_; }
  // Unavailable: a limit cannot be set, and which.
  Result<ControlGroup> make(const std::string& name, const ProcessLimits& limits) const;

 private:
  struct Base {
    std::string controller;  // of v1; empty: all of v2's
    std::filesystem::path directory;
  };
  static Result<void> limit(const Base& base, const std::filesystem::path& group,
                            const ProcessLimits& limits);

  std::vector<Base> bases_;
  std::string trouble_;
};

}  // namespace studyctl
