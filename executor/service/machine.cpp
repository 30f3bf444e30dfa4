#include "service/machine.h"

#include <sys/utsname.h>

#include <filesystem>
#include <set>
#include <vector>

#include "base/fd.h"
#include "base/text.h"

namespace studyctl {
namespace {

// The value of the first line "<key> : <value>" of a /proc file.
std::string proc_value(const char* path, std::string_view key) {
  const auto text = read_file(path);
  if (!text) return "";
  for (const std::string& line : split(*text, '\n')) {
    const size_t colon = line.find(':');
    if (colon != std::string::npos && trim(line.substr(0, colon)) == key)
      return std::string(trim(line.substr(colon + 1)));
  }
  return "";
}

}  // namespace

std::map<std::string, std::string> machine_facts() {
  std::map<std::string, std::string> facts = {{"studyctl", STUDYCTL_VERSION}};
  utsname names{};
  if (uname(&names) == 0) {
    facts["host"] = names.nodename;
    facts["kernel"] = names.release;
    facts["architecture"] = names.machine;
  }
  if (const std::string cpu = proc_value("/proc/cpuinfo", "model name"); !cpu.empty()) facts["cpu"] = cpu;
  if (const std::string code = proc_value("/proc/cpuinfo", "microcode"); !code.empty())
    facts["microcode"] = code;
  // "Model: NVIDIA A100-SXM4-80GB", a file for each device.
  std::error_code none;
  std::set<std::string> models;
  for (std::filesystem::directory_iterator gpu("/proc/driver/nvidia/gpus", none), end; !none && gpu != end;
       gpu.increment(none))
    models.insert(proc_value((gpu->path() / "information").c_str(), "Model"));
  if (!models.empty()) facts["gpu"] = join(std::vector<std::string>(models.begin(), models.end()), ", ");
  if (const auto driver = read_file("/sys/module/nvidia/version"))
    facts["nvidia_driver"] = std::string(trim(*driver));
  return facts;
}

}  // namespace studyctl
