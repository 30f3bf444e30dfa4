#include "engine/telemetry/host.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/fd.h"
#include "base/text.h"

namespace studyctl {
namespace {

namespace fs = std::filesystem;

std::optional<double> number_in(const fs::path& file) {
  std::ifstream stream(file);
  double number = 0;
  return stream >> number ? std::optional(number) : std::nullopt;
}

// What `read` finds in each directory entry whose name starts so; a missing directory has none.
template <typename Read>
void for_each_named(const fs::path& directory, std::string_view prefix, Read read) {
  std::error_code gone;
  for (const auto& entry : fs::directory_iterator(directory, gone)) {
    if (entry.path().filename().string().starts_with(prefix)) read(entry.path());
  }
}

double busy_seconds(const fs::path& proc) {
  std::ifstream stream(proc / "stat");
  std::string cpu;
  double user = 0, nice = 0, system = 0, idle = 0, waiting = 0, interrupts = 0, soft = 0;
  stream >> cpu >> user >> nice >> system >> idle >> waiting >> interrupts >> soft;
  return (user + nice + system + interrupts + soft) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

// The hottest of what the drivers for CPUs' own sensors tell, which is in thousandths of a degree.
std::optional<double> hottest_cpu(const fs::path& sys) {
  std::optional<double> hottest;
  for_each_named(sys / "class/hwmon", "hwmon", [&](const fs::path& chip) {
    std::string driver;
    std::ifstream(chip / "name") >> driver;
    if (driver != "coretemp" && driver != "k10temp" && driver != "zenpower" && driver != "cpu_thermal")
      return;
    for_each_named(chip, "temp", [&](const fs::path& file) {
      if (!file.string().ends_with("_input")) return;
      if (const auto degrees = number_in(file)) hottest = std::max(hottest.value_or(0), *degrees / 1000);
    });
  });
  return hottest;
}

// Of a file with a name and a number on each line.
std::optional<double> number_of(const fs::path& file, std::string_view name) {
  std::ifstream stream(file);
  std::string key;
  double value = 0;
  while (stream >> key >> value)
    if (key == name) return value;
  return std::nullopt;
}

// Where the one of `groups` lies that `controller` of version 1 accounts for; that of version 2 where it is
// empty. A path that is not there where there is none: the root is the whole machine's.
fs::path group_of(const std::string& groups, std::string_view controller, const HostPlaces& places) {
  std::istringstream lines(groups);
  const fs::path root = places.sys / "fs/cgroup";
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const fs::path path = line.substr(std::min(line.size(), second + 2));
    const std::vector<std::string> names = split(controllers, ',');
    if (path.empty()) continue;
    if (controller.empty() && controllers.empty()) return root / path;
    if (!controller.empty() && std::find(names.begin(), names.end(), controller) != names.end())
      return root / controllers / path;
  }
  return root / "none";
}

}  // namespace

HostReading read_host(const HostPlaces& places) {
  HostReading reading;
  reading.busy_seconds = busy_seconds(places.proc);
  reading.temperature = hottest_cpu(places.sys);

  double megahertz = 0, cpus = 0;
  for_each_named(places.sys / "devices/system/cpu", "cpu", [&](const fs::path& cpu) {
    if (const auto kilohertz = number_in(cpu / "cpufreq/scaling_cur_freq")) {
      megahertz += *kilohertz / 1000;
      ++cpus;
    }
    if (const auto count = number_in(cpu / "thermal_throttle/core_throttle_count"))
      reading.throttles = reading.throttles.value_or(0) + static_cast<uint64_t>(*count);
  });
  if (cpus > 0) reading.cpu_mhz = megahertz / cpus;

  for_each_named(places.sys / "class/powercap", "intel-rapl:", [&](const fs::path& domain) {
    // A package is "intel-rapl:0"; "intel-rapl:0:1" is a part of it.
    const std::string name = domain.filename().string();
    const auto microjoules = number_in(domain / "energy_uj");
    if (std::count(name.begin(), name.end(), ':') != 1 || !microjoules) return;
    const double wraps_at = number_in(domain / "max_energy_range_uj").value_or(0);
    reading.energy.push_back({*microjoules * 1e-6, wraps_at * 1e-6});
  });
  return reading;
}

std::string groups_of(int pid, const HostPlaces& places) {
  return read_or_empty(places.proc / std::to_string(pid) / "cgroup");
}

std::optional<double> cpu_seconds_in(const fs::path& group) {
  if (const auto microseconds = number_of(group / "cpu.stat", "usage_usec")) return *microseconds * 1e-6;
  const auto nanoseconds = number_in(group / "cpuacct.usage");
  return nanoseconds ? std::optional(*nanoseconds * 1e-9) : std::nullopt;
}

std::optional<uint64_t> oom_kills_in(const fs::path& group) {
  auto kills = number_of(group / "memory.events", "oom_kill");
  if (!kills) kills = number_of(group / "memory.oom_control", "oom_kill");
  return kills ? std::optional(static_cast<uint64_t>(*kills)) : std::nullopt;
}

std::optional<double> cpu_seconds_of_groups(const std::string& groups, const HostPlaces& places) {
  const auto seconds = cpu_seconds_in(group_of(groups, "", places));
  return seconds ? seconds : cpu_seconds_in(group_of(groups, "cpuacct", places));
}

// Fields 14 to 17 of /proc/<pid>/stat; the name in field 2 may hold anything.
std::optional<double> cpu_seconds_of_tree(int pid, const HostPlaces& places) {
  const fs::path process = places.proc / std::to_string(pid);
  const std::string stat = read_or_empty(process / "stat");
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(stat.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double ticks = 0, seconds = 0;
  for (int field = 14; field <= 17 && fields >> ticks; ++field)
    seconds += ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
  std::istringstream children(read_or_empty(process / "task" / std::to_string(pid) / "children"));
  for (int child = 0; children >> child;) seconds += cpu_seconds_of_tree(child, places).value_or(0);
  return seconds;
}

std::optional<uint64_t> oom_kills_of_groups(const std::string& groups, const HostPlaces& places) {
  const auto kills = oom_kills_in(group_of(groups, "", places));
  return kills ? kills : oom_kills_in(group_of(groups, "memory", places));
}

}  // namespace studyctl
