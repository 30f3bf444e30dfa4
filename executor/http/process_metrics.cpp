#include "http/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>

#include "base/fd.h"
#include "base/text.h"

namespace studyctl {
namespace {

// Of /proc/self/stat, from its field 3 on; empty where it cannot be read.
std::vector<std::string> stat_fields() {
  const std::string stat = read_or_empty("/proc/self/stat");
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return {};
  return split(trim(std::string_view(stat).substr(name_end + 1)), ' ');
}

double boot_time() {
  const std::string stat = read_or_empty("/proc/stat");
  const size_t line = stat.find("\nbtime ");
  return line == std::string::npos ? 0 : std::stod(stat.substr(line + 7));
}

double number_of_files() {
  std::error_code failed;
  std::filesystem::directory_iterator files("/proc/self/fd", failed);
  double count = -1;  // the one that looks
  for (; !failed && files != std::filesystem::directory_iterator(); files.increment(failed)) ++count;
  return std::max(count, 0.0);
}

}  // namespace

void add_process(Metrics& metrics) {
  const std::vector<std::string> fields = stat_fields();
  if (fields.size() < 22) return;
  const auto field = [&](size_t number) { return std::stod(fields[number - 3]); };  // as proc(5) counts
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  metrics.counter({"process_cpu_seconds_total", "Total user and system CPU time spent in seconds."})
      .add((field(14) + field(15)) / ticks);
  metrics.gauge({"process_start_time_seconds", "Start time of the process since unix epoch in seconds."})
      .set(boot_time() + field(22) / ticks);
  metrics.gauge({"process_virtual_memory_bytes", "Virtual memory size in bytes."}).set(field(23));
  metrics.gauge({"process_resident_memory_bytes", "Resident memory size in bytes."})
      .set(field(24) * static_cast<double>(sysconf(_SC_PAGESIZE)));
  metrics.gauge({"process_open_fds", "Number of open file descriptors."}).set(number_of_files());
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0)
    metrics.gauge({"process_max_fds", "Maximum number of open file descriptors."})
        .set(static_cast<double>(files.rlim_cur));
}

}  // namespace studyctl
