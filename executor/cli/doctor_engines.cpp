#include <cstdlib>
#include <optional>

#include "base/hash.h"
#include "base/text.h"
#include "cli/doctor_checks.h"
#include "engine/allocation/allocation.h"
#include "engine/devices/machine_devices.h"
#include "engine/make_engine.h"

namespace studyctl {
namespace {

using enum Finding::Kind;

struct EngineName {
  const char* kind;
  const char* name;
  const char* advice;  // where it is not installed
};

constexpr EngineName kEngines[] = {
    {"docker", "Docker", "apt-get install docker.io; systemctl enable --now docker"},
    {"podman", "Podman", "apt-get install podman"},
};

Result<Inventory> inspect(const std::string& wanted, const SlurmOptions& slurm = {}) {
  SystemClock clock;
  EventLoop loop(clock);
  EngineRequest request;
  request.wanted = wanted;
  request.slurm = slurm;
  request.volume = random_uuid();  // of no volume: no container is its own
  auto engine = make_engine(loop, request, [](const Observation&) {});
  if (!engine) return std::move(engine).error();
  std::optional<Result<Inventory>> inventory;
  (*engine)->inspect([&](Result<Inventory> found) { inventory = std::move(found); });
  while (!inventory) loop.run_once(std::chrono::seconds(1));
  return *std::move(inventory);
}

std::string text_of(const Inventory& inventory) {
  return inventory.engine + " at " + inventory.endpoint + ": " + std::to_string(inventory.millicpu / 1000) +
         " cores, " + human_bytes(inventory.memory_bytes) + " of memory";
}

Finding absent(const MachinePlaces& places, const EngineName& engine, const Error& error) {
  const bool is_installed = has_program(places, engine.kind);
  if (error.code != ErrorCode::NotFound) return {Note, std::string(engine.name) + ": " + error.message, ""};
  if (!is_installed) return {Note, std::string(engine.name) + ": is not installed", engine.advice};
  return {Note, std::string(engine.name) + ": is installed, but nothing listens",
          engine.kind == std::string("docker") ? "systemctl enable --now docker" : ""};
}

// The variable that names the engine to be used, as everything that speaks to Docker knows it.
std::optional<std::string> naming_variable() {
  for (const char* name : {"DOCKER_HOST", "CONTAINER_HOST"})
    if (const char* value = std::getenv(name); value && *value) return std::string(name) + "=" + value;
  return std::nullopt;
}

// Where its commands are: the cluster, and the allocation that this shell is in.
std::vector<Finding> check_slurm(const MachinePlaces& places) {
  if (!has_program(places, "sbatch")) return {};
  SlurmOptions jobs;
  jobs.mode = SlurmMode::Jobs;
  const auto inventory = inspect("slurm", jobs);
  if (!inventory) return {{Note, "Slurm: " + inventory.error().message, "see scontrol ping"}};
  std::vector<Finding> findings = {{Good, text_of(*inventory) + "; --engine slurm", ""}};
  const auto here =
      allocation_of([](const char* name) { return std::getenv(name); }, {inventory->millicpu, INT64_MAX});
  if (here)
    findings.push_back({Good,
                        "this is " + here->name() + ": --engine slurm packs experiments onto its " +
                            std::to_string(here->room.millicpu / 1000) + " cores",
                        ""});
  else if (here.error().code != ErrorCode::NotFound)
    findings.push_back({Note, here.error().message, ""});
  return findings;
}

// They need nothing, and lease what devices there are.
Finding use_processes(std::map<std::string, int>& usable) {
  SystemClock clock;
  EventLoop loop(clock);
  DeviceFinder finder(loop, {});
  std::optional<std::vector<Device>> devices;
  finder.find([&](std::vector<Device> found) { devices = std::move(found); });
  while (!devices) loop.run_once(std::chrono::seconds(1));
  usable = count_kinds(*devices);
  return {Note, "no container engine can be used: studies run as plain processes, and no image is used",
          "install one of the two, or name one: --engine unix:///path, or DOCKER_HOST"};
}

}  // namespace

std::vector<Finding> check_engines(const MachinePlaces& places, std::map<std::string, int>& usable) {
  std::vector<Finding> findings;
  std::string found;  // the kinds that can be used
  const auto use = [&](const Inventory& inventory) {
    found += inventory.kind;
    findings.push_back({Good, text_of(inventory), ""});
    for (const auto& [kind, count] : inventory.devices) usable[kind] = std::max(usable[kind], count);
  };
  const auto named = naming_variable();
  if (named) {
    const auto inventory = inspect("auto");
    if (!inventory)
      return {{Missing, inventory.error().message, "start it, or unset " + split(*named, '=').front()}};
    use(*inventory);
  }
  for (const EngineName& engine : kEngines) {
    if (named && found != engine.kind)
      findings.push_back(
          {Note, std::string(engine.name) + ": was not looked for, since " + *named + " is set", ""});
    if (named) continue;
    if (const auto inventory = inspect(engine.kind)) {
      use(*inventory);
    } else {
      findings.push_back(absent(places, engine, inventory.error()));
    }
  }
  const std::vector<Finding> slurm = check_slurm(places);
  findings.insert(findings.end(), slurm.begin(), slurm.end());
  const bool has_slurm = !slurm.empty() && slurm.front().kind == Good;
  if (found.empty() && !has_slurm) findings.push_back(use_processes(usable));
  return findings;
}

}  // namespace studyctl
