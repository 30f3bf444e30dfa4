#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/fd.h"
#include "base/text.h"
#include "cli/doctor_checks.h"
#include "engine/devices/quarantine.h"
#include "study/run_text.h"

namespace studyctl {
namespace {

namespace fs = std::filesystem;
using enum Finding::Kind;

constexpr rlim_t kEnoughFiles = 4096;
constexpr const char* kNvidia = "0x10de";
constexpr const char* kAmd = "0x1002";

std::string text_of(const fs::path& file) {
  const auto text = read_file(file);
  return text ? std::string(trim(*text)) : "";
}

std::string system_name(const MachinePlaces& places) {
  std::error_code ignored;  // it is a link mostly, which read_file() does not follow
  const fs::path file = fs::canonical(places.etc / "os-release", ignored);
  for (const std::string& line : split(text_of(file), '\n')) {
    if (!line.starts_with("PRETTY_NAME=")) continue;
    std::string name = line.substr(12);
    std::erase(name, '"');
    return name;
  }
  return "Linux";
}

Finding check_cgroups(const MachinePlaces& places) {
  const fs::path root = places.sys / "fs/cgroup";
  std::error_code ignored;
  if (!fs::exists(root / "cgroup.controllers", ignored)) {
    if (fs::exists(root / "memory", ignored))
      return {Note, "cgroups are of version 1: limits work as root; Podman without root sets none",
              "boot with systemd.unified_cgroup_hierarchy=1 for version 2"};
    return {Note,
            "cgroups are not mounted at " + root.string() + ": limits of cpu and memory may have no effect",
            ""};
  }
  const std::string controllers = text_of(root / "cgroup.controllers");
  std::vector<std::string> missing;
  for (const char* wanted : {"cpu", "memory", "pids"}) {
    const auto there = split(controllers, ' ');
    if (std::find(there.begin(), there.end(), wanted) == there.end()) missing.emplace_back(wanted);
  }
  if (missing.empty()) return {Good, "cgroups of version 2 with " + controllers, ""};
  return {Note, "cgroups of version 2 without " + join(missing, ", ") + ": such limits have no effect",
          "in a container or a virtual machine, have its host delegate them"};
}

// Containers without root need ranges of user ids.
std::vector<Finding> check_rootless(const MachinePlaces& places) {
  if (geteuid() == 0) return {};
  std::vector<Finding> findings;
  const char* user = std::getenv("USER");
  const std::string name = user ? user : std::to_string(geteuid());
  const std::string ranges = "\n" + text_of(places.etc / "subuid");
  if (has_program(places, "podman") && ranges.find("\n" + name + ":") == std::string::npos)
    findings.push_back({Note, "Podman without root: " + name + " has no range of user ids in /etc/subuid",
                        "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 " + name});
  return findings;
}

Finding check_open_files() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kEnoughFiles)
    return {Good, "up to " + std::to_string(limit.rlim_cur) + " open files", ""};
  return {Note,
          "only " + std::to_string(limit.rlim_cur) + " open files: enough for about " +
              std::to_string(limit.rlim_cur / 8) + " attempts at a time",
          "ulimit -n " + std::to_string(std::min<rlim_t>(limit.rlim_max, kEnoughFiles))};
}

Finding check_leases(const MachinePlaces& places) {
  const fs::path& directory = places.lease_directory;
  std::error_code ignored;
  const fs::path there = fs::exists(directory, ignored) ? directory : directory.parent_path();
  if (access(there.c_str(), W_OK) == 0) return {Good, "devices are leased in " + directory.string(), ""};
  return {Note, "no permission to write " + there.string() + ", where devices are leased between controllers",
          "give all controllers of this machine another directory: --lease-dir DIR"};
}

// How many cards of a vendor are on the PCI bus.
uint64_t count_cards(const MachinePlaces& places, const std::string& vendor) {
  uint64_t count = 0;
  std::error_code failed;
  for (fs::directory_iterator card(places.sys / "bus/pci/devices", failed), end; !failed && card != end;
       card.increment(failed))
    if (text_of(card->path() / "vendor") == vendor && text_of(card->path() / "class").starts_with("0x03"))
      ++count;
  return count;
}

bool has_cdi(const MachinePlaces& places, const std::string& kind) {
  for (const fs::path& directory : places.cdi) {
    std::error_code failed;
    for (fs::directory_iterator file(directory, failed), end; !failed && file != end; file.increment(failed))
      if (text_of(file->path()).find(kind) != std::string::npos) return true;
  }
  return false;
}

int count_of(const std::map<std::string, int>& usable, const std::string& kind) {
  const auto found = usable.find(kind);
  return found == usable.end() ? 0 : found->second;
}

std::vector<Finding> check_nvidia(const MachinePlaces& places, int usable) {
  const uint64_t cards = count_cards(places, kNvidia);
  std::error_code ignored;
  const bool driver = fs::exists(places.proc / "driver/nvidia/version", ignored);
  if (cards == 0 && !driver && usable == 0) return {};
  std::vector<Finding> findings;
  if (!driver && usable == 0) {
    return {{Note, counted(cards, "NVIDIA card") + ", but their driver is not loaded",
             "apt-get install nvidia-driver, then boot again"}};
  }
  findings.push_back({usable > 0 ? Good : Note,
                      counted(static_cast<uint64_t>(usable), "NVIDIA GPU") + " can be leased",
                      usable > 0 ? "" : "see whether nvidia-smi -L lists them"});
  if (has_program(places, "podman") && !has_cdi(places, "nvidia.com/gpu"))
    findings.push_back({Note, "no CDI specification names nvidia.com/gpu: Podman cannot hand over GPUs",
                        "nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml"});
  if (has_program(places, "docker") && !has_program(places, "nvidia-container-cli"))
    findings.push_back({Note, "NVIDIA's container toolkit is not installed: Docker cannot hand over GPUs",
                        "install nvidia-container-toolkit, then nvidia-ctk runtime configure"});
  return findings;
}

}  // namespace

MachinePlaces MachinePlaces::of_this_machine() {
  MachinePlaces places;
  const char* path = std::getenv("PATH");
  for (const std::string& directory : split(path ? path : "/usr/bin:/bin:/usr/sbin:/sbin", ':'))
    if (!directory.empty()) places.programs.emplace_back(directory);
  return places;
}

bool has_program(const MachinePlaces& places, const std::string& name) {
  return std::any_of(places.programs.begin(), places.programs.end(), [&](const fs::path& directory) {
    return access((directory / name).c_str(), X_OK) == 0;
  });
}

std::vector<Finding> check_machine(const MachinePlaces& places) {
  utsname names{};
  uname(&names);
  std::vector<Finding> findings = {
      {Good, system_name(places) + ", Linux " + names.release + " on " + names.machine, ""},
      check_cgroups(places)};
  for (Finding& finding : check_rootless(places)) findings.push_back(std::move(finding));
  findings.push_back(check_open_files());
  findings.push_back(check_leases(places));
  return findings;
}

std::vector<Finding> check_devices(const MachinePlaces& places, const std::map<std::string, int>& usable) {
  std::vector<Finding> findings = check_nvidia(places, count_of(usable, "nvidia.com/gpu"));
  const int amd = count_of(usable, "amd.com/gpu");
  if (amd > 0)
    findings.push_back({Good, counted(static_cast<uint64_t>(amd), "AMD GPU") + " can be leased", ""});
  if (amd == 0 && count_cards(places, kAmd) > 0)
    findings.push_back(
        {Note, "AMD cards, but no /dev/kfd: their compute driver is not loaded", "modprobe amdgpu"});
  for (const auto& [kind, count] : usable)
    if (kind != "nvidia.com/gpu" && kind != "amd.com/gpu")
      findings.push_back({Good, std::to_string(count) + " of " + kind + " can be leased", ""});
  for (const DeviceFaults& faults : Quarantine(places.lease_directory).all())
    findings.push_back({Note,
                        faults.device +
                            (faults.is_quarantined() ? " is in quarantine, leased to nobody: " : ": ") +
                            faults.text(),
                        faults.is_quarantined() ? "studyctl doctor --release " + faults.device : ""});
  if (findings.empty()) findings.push_back({Good, "no GPUs: studies that ask for one are refused", ""});
  return findings;
}

}  // namespace studyctl
