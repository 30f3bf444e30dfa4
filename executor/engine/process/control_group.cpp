#include "engine/process/control_group.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <map>
#include <thread>

#include "base/clock.h"
#include "base/text.h"
#include "engine/telemetry/host.h"

namespace studyctl {
namespace {

constexpr int64_t kPeriod = 100'000;  // µs, the kernel's default
constexpr int kMostPasses = 200;
constexpr Duration kBetweenPasses{10};
constexpr const char* kHierarchies[] = {"memory", "cpu", "pids"};  // of v1

int64_t number_in(std::string_view text) {
  int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// 0, or errno. These files take one write() and are never made: what is not there is no error of ours.
int put(const std::filesystem::path& file, const std::string& text) {
  const Fd opened(open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!opened) return errno;
  return write(opened.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : errno;
}

Result<void> write_to(const std::filesystem::path& file, const std::string& text) {
  const int failed = put(file, text);
  if (failed == 0) return {};
  errno = failed;
  return errno_error(file.string());
}

// Controller → its group of this process; of v2 under "".
std::map<std::string, std::string> own_groups(const std::filesystem::path& file) {
  std::map<std::string, std::string> groups;
  for (const std::string& line : split(read_or_empty(file), '\n')) {
    const std::vector<std::string> parts = split(line, ':');
    if (parts.size() < 3) continue;
    for (const std::string& controller : split(parts[1], ',')) groups[controller] = parts[2];
  }
  return groups;
}

void kill_all_in(const std::filesystem::path& group) {
  for (int pass = 0; pass < kMostPasses; ++pass) {
    bool is_empty = true;
    for (const std::string& line : split(read_or_empty(group / "cgroup.procs"), '\n')) {
      const int64_t pid = number_in(line);
      if (pid <= 0) continue;
      is_empty = false;
      kill(static_cast<pid_t>(pid), SIGKILL);
    }
    if (is_empty) return;
    std::this_thread::sleep_for(kBetweenPasses);
  }
}

void remove_groups_in(const std::filesystem::path& base) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(base, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!entry->is_directory(error)) continue;
    kill_all_in(entry->path());
    rmdir(entry->path().c_str());
  }
}

bool make_directory(const std::filesystem::path& path) {
  return mkdir(path.c_str(), 0755) == 0 || errno == EEXIST;
}

// What is in it goes into `child`; who begins meanwhile, in the next pass.
void move_all(const std::filesystem::path& group, const std::filesystem::path& child) {
  for (int pass = 0; pass < kMostPasses; ++pass) {
    const std::string pids = read_or_empty(group / "cgroup.procs");
    if (pids.empty()) return;
    for (const std::string& pid : split(pids, '\n'))
      if (!pid.empty()) (void)put(child / "cgroup.procs", pid);
  }
}

// v2: children of a group get controllers where no process is in the group itself, but for the machine's
// topmost. Who delegates a group puts the caller into it: that, and all else in it, moves into `others`
// below.
Result<void> give_controllers(const std::filesystem::path& group, const std::filesystem::path& others) {
  const auto file = group / "cgroup.subtree_control";
  const std::string controllers = "+memory +cpu +pids";
  if (put(file, controllers) == EBUSY && make_directory(others)) move_all(group, others);
  return write_to(file, controllers);
}

Result<std::filesystem::path> make_unified_base(const std::filesystem::path& root, const std::string& own,
                                                const std::string& name) {
  const std::filesystem::path above = geteuid() == 0 ? root : root / own.substr(1);
  const std::filesystem::path base = above / name;
  if (!make_directory(base)) return errno_error(base.string());
  const std::filesystem::path others = above / (name + "-others");
  for (const auto& group : {above, base})
    if (auto given = give_controllers(group, others); !given) return std::move(given).error();
  return base;
}

}  // namespace

ControlGroup::~ControlGroup() {
  entrances_.clear();
  for (const auto& directory : directories_) rmdir(directory.c_str());
}

ControlGroups::~ControlGroups() {
  for (const Base& base : bases_) rmdir(base.directory.c_str());
}

std::vector<int> ControlGroup::entrances() const {
  std::vector<int> files;
  for (const Fd& file : entrances_) files.push_back(file.get());
  return files;
}

uint64_t ControlGroup::oom_kills() const {
  for (const auto& directory : directories_)
    if (const auto kills = oom_kills_in(directory)) return *kills;
  return 0;
}

std::optional<double> ControlGroup::cpu_seconds() const {
  for (const auto& directory : directories_)
    if (const auto seconds = cpu_seconds_in(directory)) return seconds;
  return std::nullopt;
}

void ControlGroup::kill_all() const {
  for (const auto& directory : directories_) kill_all_in(directory);
}

ControlGroups ControlGroups::find(const std::string& name, const CgroupPlaces& places) {
  ControlGroups found;
  const auto own = own_groups(places.own);
  if (std::filesystem::exists(places.root / "cgroup.controllers")) {
    const auto group = own.find("");
    auto base = make_unified_base(places.root, group == own.end() ? "/" : group->second, name);
    if (base)
      found.bases_.push_back({"", *std::move(base)});
    else
      found.trouble_ = base.error().message;
  } else {
    for (const char* controller : kHierarchies) {
      const auto group = own.find(controller);
      const std::filesystem::path base =
          places.root / controller / (group == own.end() ? "" : group->second.substr(1)) / name;
      if (make_directory(base))
        found.bases_.push_back({controller, base});
      else if (found.trouble_.empty())
        found.trouble_ = errno_error(base.string()).message;
    }
  }
  for (const Base& base : found.bases_) remove_groups_in(base.directory);
  return found;
}

Result<ControlGroup> ControlGroups::make(const std::string& name, const ProcessLimits& limits) const {
  ControlGroup group;
  for (const Base& base : bases_) {
    const std::filesystem::path directory = base.directory / name;
    if (!make_directory(directory)) return errno_error(directory.string());
    group.directories_.push_back(directory);
    if (auto limited = limit(base, directory, limits); !limited) return std::move(limited).error();
    Fd entrance(open((directory / "cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
    if (!entrance) return errno_error((directory / "cgroup.procs").string());
    group.entrances_.push_back(std::move(entrance));
  }
  return group;
}

// Memory counts swap, as a container's limit does; where the kernel does not count swap, it cannot be
// limited.
Result<void> ControlGroups::limit(const Base& base, const std::filesystem::path& group,
                                  const ProcessLimits& limits) {
  const bool is_unified = base.controller.empty();
  const auto has = [&](const char* controller) { return is_unified || base.controller == controller; };
  Result<void> done;
  const auto set = [&](const char* file, const std::string& text) {
    if (done) done = write_to(group / file, text);
  };
  if (limits.memory_bytes && has("memory")) {
    const std::string bytes = std::to_string(*limits.memory_bytes);
    set(is_unified ? "memory.max" : "memory.limit_in_bytes", bytes);
    (void)write_to(group / (is_unified ? "memory.swap.max" : "memory.memsw.limit_in_bytes"),
                   is_unified ? "0" : bytes);
  }
  if (limits.millicpu && has("cpu")) {
    const std::string quota = std::to_string(*limits.millicpu * kPeriod / 1000);
    set(is_unified ? "cpu.max" : "cpu.cfs_quota_us",
        is_unified ? quota + " " + std::to_string(kPeriod) : quota);
  }
  if (limits.pids && has("pids")) set("pids.max", std::to_string(*limits.pids));
  return done;
}

}  // namespace studyctl
