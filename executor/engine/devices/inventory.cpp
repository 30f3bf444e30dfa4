#include "engine/devices/inventory.h"

#include <sys/stat.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/fd.h"
#include "base/text.h"
#include "engine/json_read.h"

namespace studyctl {
namespace {

constexpr char kNvidia[] = "nvidia.com/gpu";

// "  MIG 1g.5gb Device 0: (UUID: MIG-…)" → "MIG-…"
std::string uuid_in(const std::string& line) {
  constexpr std::string_view kKey = "(UUID: ";
  const size_t at = line.find(kKey);
  if (at == std::string::npos) return {};
  const size_t end = line.find(')', at);
  return line.substr(at + kKey.size(), end == std::string::npos ? end : end - at - kKey.size());
}

std::vector<Device> cdi_devices(const std::vector<std::filesystem::path>& folders) {
  std::vector<Device> result;
  for (const auto& folder : folders) {
    std::error_code failure;
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
      const auto extension = entry.path().extension();
      if (extension == ".json" || extension == ".yaml" || extension == ".yml") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
      const auto text = read_file(file);
      if (!text) continue;
      for (Device& device : parse_cdi(*text)) result.push_back(std::move(device));
    }
  }
  return result;
}

bool is_uuid(const std::string& id) {
  return id.starts_with("GPU-") || id.starts_with("MIG-");
}

// One GPU stands in a specification under its index and its UUID: only one of them may count.
std::vector<Device> nvidia_from_cdi(const std::vector<Device>& cdi) {
  std::vector<Device> by_uuid, by_index;
  for (const Device& device : cdi) {
    if (device.kind == kNvidia) (is_uuid(device.id) ? by_uuid : by_index).push_back(device);
  }
  return by_uuid.empty() ? by_index : by_uuid;
}

std::vector<Device> nvidia_devices(const std::vector<std::string>& ids, const std::vector<Device>& cdi) {
  if (ids.empty()) return nvidia_from_cdi(cdi);
  std::vector<Device> result;
  for (size_t i = 0; i < ids.size(); ++i) {
    Device device{kNvidia, ids[i], {}, {}, {}};
    for (const std::string& name : {ids[i], std::to_string(i)}) {
      const bool is_named = std::any_of(cdi.begin(), cdi.end(), [&](const Device& other) {
        return other.kind == kNvidia && other.id == name;
      });
      if (is_named && device.cdi_name.empty()) device.cdi_name = std::string(kNvidia) + "=" + name;
    }
    result.push_back(std::move(device));
  }
  return result;
}

std::vector<Device> named_devices(const std::string& kind, const std::vector<std::string>& names) {
  std::vector<Device> result;
  for (const std::string& name : names) {
    if (kind.empty() || name.empty() || name == "all") continue;
    result.push_back({kind, name, kind + "=" + name, {}, {}});
  }
  return result;
}

std::string unquoted(std::string_view text) {
  text = trim(text);
  const bool is_quoted =
      text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front();
  return std::string(is_quoted ? text.substr(1, text.size() - 2) : text);
}

// The block style that nvidia-ctk and amd-ctk write: top-level keys at the margin, and a `name` in each item
// of `devices`.
std::vector<Device> parse_cdi_yaml(std::string_view text) {
  std::string kind;
  std::vector<std::string> names;
  bool in_devices = false;
  size_t item = 0;
  for (std::string line : split(text, '\n')) {
    size_t indent = line.find_first_not_of(' ');
    if (indent == std::string::npos || line[indent] == '#') continue;
    if (indent == 0 && line[0] != '-') {
      in_devices = line.starts_with("devices:");
      item = std::string::npos;
      if (line.starts_with("kind:")) kind = unquoted(line.substr(5));
      continue;
    }
    if (!in_devices) continue;
    if (line.compare(indent, 2, "- ") == 0 && (item == std::string::npos || indent == item)) {
      item = indent;
      line[indent] = ' ';
      indent = line.find_first_not_of(' ');
    }
    if (indent == item + 2 && line.compare(indent, 5, "name:") == 0)
      names.push_back(unquoted(line.substr(indent + 5)));
  }
  return named_devices(kind, names);
}

}  // namespace

std::vector<std::string> parse_nvidia_list(std::string_view text) {
  std::vector<std::string> result;
  bool is_cut = false;
  for (const std::string& line : split(text, '\n')) {
    const std::string id = uuid_in(line);
    if (id.empty()) continue;
    if (id.starts_with("MIG-")) {
      // The GPU itself stands in the line before its first instance, and cannot be had beside them.
      if (!is_cut && !result.empty()) result.pop_back();
      is_cut = true;
    } else {
      is_cut = false;
    }
    result.push_back(id);
  }
  return result;
}

std::vector<Device> parse_cdi(std::string_view text) {
  const auto body = nlohmann::json::parse(text, nullptr, false);
  if (body.is_discarded()) return parse_cdi_yaml(text);
  std::vector<std::string> names;
  for (const auto& entry : json_child(body, "devices")) names.push_back(json_string(entry, "name"));
  return named_devices(json_string(body, "kind"), names);
}

std::vector<Device> assemble_inventory(const std::vector<std::string>& nvidia, const std::vector<Device>& cdi,
                                       const std::vector<Device>& amd) {
  std::vector<Device> result = nvidia_devices(nvidia, cdi);
  const bool has_amd_nodes = !amd.empty();
  result.insert(result.end(), amd.begin(), amd.end());
  std::set<std::string> seen;
  for (const Device& device : cdi) {
    if (device.kind == kNvidia || (has_amd_nodes && device.kind == "amd.com/gpu")) continue;
    if (seen.insert(device.name()).second) result.push_back(device);
  }
  return result;
}

std::vector<Device> amd_devices(const std::filesystem::path& devices) {
  std::vector<Device> result;
  const auto compute = plain_device((devices / "kfd").string());
  if (!compute) return result;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(devices / "dri", failure)) {
    if (!entry.path().filename().string().starts_with("renderD")) continue;
    auto render = plain_device(entry.path().string());
    if (!render) continue;
    Device device{
        "amd.com/gpu", entry.path().filename().string(), {}, {compute->kind, render->kind}, compute->groups};
    device.groups.insert(device.groups.end(), render->groups.begin(), render->groups.end());
    result.push_back(std::move(device));
  }
  std::sort(result.begin(), result.end(), [](const Device& a, const Device& b) { return a.id < b.id; });
  return result;
}

// A group is handed on as a number: its name need not be known in the image.
Result<Device> plain_device(const std::string& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return errno_error(path);
  Device device{path, {}, {}, {path}, {}};
  if (found.st_gid != 0) device.groups.push_back(static_cast<long>(found.st_gid));
  return device;
}

DeviceFinder::DeviceFinder(EventLoop& loop, DevicePlaces places) : loop_(loop), places_(std::move(places)) {}

DeviceFinder::~DeviceFinder() {
  loop_.cancel(timer_);
}

void DeviceFinder::find(Done done) {
  done_ = std::move(done);
  if (!places_.gpus.empty()) {
    const auto told = places_.gpus == "none" ? std::vector<std::string>() : split(places_.gpus, ',');
    timer_ = loop_.after(Duration(0), [this, told] { finish(told); });
    return;
  }
  const Program command{{"nvidia-smi", "-L"}, {}, {}};
  tool_ = std::make_unique<ProgramTask>(
      loop_, command, ProgramLimits{}, [this](const Result<ProgramOutput>& output) {
        const bool has_list = output && output->end.is_success();
        finish(has_list ? parse_nvidia_list(output->out) : std::vector<std::string>());
      });
}

void DeviceFinder::finish(const std::vector<std::string>& nvidia) {
  const bool is_none = places_.gpus == "none";
  std::vector<Device> cdi = cdi_devices(places_.cdi);
  if (is_none) std::erase_if(cdi, [](const Device& device) { return device.kind == kNvidia; });
  auto devices =
      assemble_inventory(nvidia, cdi, is_none ? std::vector<Device>() : amd_devices(places_.devices));
  for (Device& device : devices)
    if (!places_.gpus.empty() && device.kind == kNvidia) device.kind = places_.gpu_kind;
  tool_.reset();
  const Done done = std::move(done_);
  done(std::move(devices));
}

}  // namespace studyctl
