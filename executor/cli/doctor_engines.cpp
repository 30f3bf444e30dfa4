#include <optional>

#include "base/hash.h"
#include "base/text.h"
#include "cli/doctor_checks.h"
#include "engine/make_engine.h"

namespace studyctl {
namespace {

using enum Finding::Kind;

struct EngineName {
  EngineKind kind;
  const char* name;
  const char* program;
  const char* advice;  // where it is not installed
};

constexpr EngineName kEngines[] = {
    {EngineKind::Docker, "Docker", "docker", "apt-get install docker.io; systemctl enable --now docker"},
    {EngineKind::Podman, "Podman", "podman", "apt-get install podman"},
};

Result<Inventory> inspect(EngineKind kind) {
  SystemClock clock;
  EventLoop loop(clock);
  EngineRequest request;
  request.wanted = kind == EngineKind::Docker ? "docker" : "podman";
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
  const bool installed = has_program(places, engine.program);
  if (!installed && error.code == ErrorCode::NotFound)
    return {Note, std::string(engine.name) + ": is not installed", engine.advice};
  std::string advice;
  if (installed && engine.kind == EngineKind::Docker && error.code == ErrorCode::NotFound)
    advice = "systemctl enable --now docker";
  return {Note, std::string(engine.name) + ": " + error.message, advice};
}

}  // namespace

std::vector<Finding> check_engines(const MachinePlaces& places, std::map<std::string, int>& usable) {
  std::vector<Finding> findings;
  bool any = false;
  for (const EngineName& engine : kEngines) {
    const auto inventory = inspect(engine.kind);
    if (!inventory) {
      findings.push_back(absent(places, engine, inventory.error()));
      continue;
    }
    any = true;
    findings.push_back({Good, text_of(*inventory), ""});
    for (const auto& [kind, count] : inventory->devices) usable[kind] = std::max(usable[kind], count);
  }
  if (!any)
    findings.push_back({Missing, "no container engine can be used: nothing can run",
                        "install one of the two, or name one: --engine unix:///path, or DOCKER_HOST"});
  return findings;
}

}  // namespace studyctl
