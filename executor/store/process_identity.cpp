#include "store/process_identity.h"

#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <optional>

#include "base/fd.h"
#include "base/machine_boot.h"
#include "base/text.h"

namespace studyctl {
namespace {

std::optional<uint64_t> start_of(int pid) {
  const std::string stat = read_or_empty("/proc/" + std::to_string(pid) + "/stat");
  // The name in parentheses may hold anything; after it come fields 3 (the state), 4, … 22 (the start).
  const size_t name_end = stat.rfind(')');
  if (name_end == stat.npos) return std::nullopt;
  const std::vector<std::string> fields = split(trim(std::string_view(stat).substr(name_end + 1)), ' ');
  if (fields.size() < 20 || fields[0] == "Z" || fields[0] == "X") return std::nullopt;
  uint64_t ticks = 0;
  const std::string& text = fields[19];
  if (std::from_chars(text.data(), text.data() + text.size(), ticks).ec != std::errc()) return std::nullopt;
  return ticks;
}

}  // namespace

ProcessIdentity this_process() {
  const int pid = getpid();
  const MachineBoot boot = this_boot();
  return {pid, boot.host, boot.id, start_of(pid).value_or(0)};
}

bool is_local(const ProcessIdentity& identity) {
  return MachineBoot{identity.host, identity.boot_id} == this_boot();
}

bool is_running(const ProcessIdentity& identity) {
  return identity.pid > 0 && start_of(identity.pid) == identity.pid_started_at;
}

}  // namespace studyctl
