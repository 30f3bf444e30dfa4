#include "engine/docker/command_line.h"

#include <cctype>

#include "base/text.h"
#include "engine/docker/create_body.h"

namespace studyctl {
namespace {

using Words = std::vector<std::string>;

std::string decimals(int64_t thousandths) {
  std::string text =
      std::to_string(thousandths / 1000) + "." + std::to_string(1000 + thousandths % 1000).substr(1);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

void add_mounts(const ContainerSpec& container, const Endpoint& endpoint, Words& words) {
  for (const Mount& mount : container.mounts) {
    if (mount.kind == Mount::Kind::Memory) {
      if (mount.target == "/dev/shm") continue;
      words.insert(words.end(), {"--tmpfs", mount.target + ":" + tmpfs_options(mount)});
      continue;
    }
    std::string text = mount.kind == Mount::Kind::Bind ? "type=bind" : "type=volume";
    text += ",source=" + source_of(mount, endpoint) + ",target=" + mount.target;
    if (mount.read_only) text += ",readonly";
    words.insert(words.end(), {"--mount", text});
  }
}

void add_resources(const AttemptSpec& spec, const ContainerSpec& container, Words& words) {
  const Resources& resources = container.resources;
  if (resources.millicpu) words.insert(words.end(), {"--cpus", decimals(*resources.millicpu)});
  if (!spec.cpus.empty()) words.insert(words.end(), {"--cpuset-cpus", cpu_list(spec.cpus)});
  if (resources.memory_bytes) {
    const std::string bytes = std::to_string(*resources.memory_bytes);
    words.insert(words.end(), {"--memory", bytes, "--memory-swap", bytes});
  }
  if (resources.pids) words.insert(words.end(), {"--pids-limit", std::to_string(*resources.pids)});
  if (const auto size = shm_size(container)) words.insert(words.end(), {"--shm-size", std::to_string(*size)});
}

void add_security(const SecurityContext& security, Words& words) {
  if (const std::string user = user_of(security); !user.empty()) words.insert(words.end(), {"--user", user});
  if (security.privileged) words.emplace_back("--privileged");
  if (security.read_only_root) words.emplace_back("--read-only");
  if (wants_no_new_privileges(security)) words.insert(words.end(), {"--security-opt", "no-new-privileges"});
  for (const auto& capability : security.add_capabilities)
    words.insert(words.end(), {"--cap-add", capability});
  for (const auto& capability : security.drop_capabilities)
    words.insert(words.end(), {"--cap-drop", capability});
}

void add_devices(const AttemptSpec& spec, const Endpoint& endpoint, Words& words) {
  for (const DeviceRequest& request : spec.devices) {
    if (request.kind.starts_with('/')) {
      words.insert(words.end(), {"--device", request.kind});
    } else if (request.kind == "amd.com/gpu") {
      words.insert(words.end(), {"--device", "/dev/kfd", "--device", "/dev/dri"});
    } else if (request.kind == "nvidia.com/gpu" && !endpoint.is_podman()) {
      words.insert(words.end(), {"--gpus", std::to_string(request.count)});
    } else {
      for (int i = 0; i < request.count; ++i) {
        words.insert(words.end(), {"--device", request.kind + "=" + std::to_string(i)});
      }
    }
  }
}

std::string run_line(const AttemptSpec& spec, const ContainerSpec& container, const Endpoint& endpoint) {
  Words words{endpoint.is_podman() ? "podman" : "docker", "run", "--rm"};
  if (spec.host_network) words.insert(words.end(), {"--network", "host"});
  if (spec.share_process_namespace) words.emplace_back("--init");
  add_resources(spec, container, words);
  add_security(container.security, words);
  add_mounts(container, endpoint, words);
  if (&container == &spec.main) add_devices(spec, endpoint, words);
  for (const auto& [name, value] : container.environment) {
    const bool is_secret = container.secret_variables.contains(name);
    words.insert(words.end(), {"--env", is_secret ? name : name + "=" + value});
  }
  if (!container.working_directory.empty())
    words.insert(words.end(), {"--workdir", container.working_directory});
  if (!container.command.empty()) words.insert(words.end(), {"--entrypoint", container.command.front()});
  words.push_back(container.image);
  if (container.command.size() > 1)
    words.insert(words.end(), container.command.begin() + 1, container.command.end());
  words.insert(words.end(), container.arguments.begin(), container.arguments.end());
  for (std::string& word : words) word = shell_quote(word);
  return join(words, " ") + "\n";
}

}  // namespace

std::string command_line(const AttemptSpec& spec, const Endpoint& endpoint) {
  std::string lines;
  for (const ContainerSpec& init : spec.init) lines += run_line(spec, init, endpoint);
  return lines + run_line(spec, spec.main, endpoint);
}

}  // namespace studyctl
