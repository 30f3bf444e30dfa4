#pragma once

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "engine/docker/docker_engine.h"
#include "engine/docker/endpoint.h"
#include "io/event_loop.h"

namespace studyctl {

inline constexpr char kTestImage[] = "studyctl/tiny:1";

// The address of a real engine, from the environment that tests/run.sh sets; a test without it fails.
inline std::string test_engine(const std::string& variable) {
  const char* value = std::getenv(variable.c_str());
  if (value == nullptr)
    throw std::runtime_error(variable + " is not set: run tests/run.sh, or start one with tests/testbed");
  return value;
}

inline std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(file)), {});
}

// A DockerEngine on a real engine, with a volume of its own: what is left of it is removed at the end.
class RealEngine {
 public:
  explicit RealEngine(const std::string& address, DockerOptions options = {},
                      std::string volume = random_uuid())
      : loop(clock), volume_(std::move(volume)), options_(std::move(options)) {
    auto parsed = HttpAddress::parse(address);
    if (!parsed) throw std::runtime_error(parsed.error().message);
    auto found = handshake(loop, *parsed);
    if (!found) throw std::runtime_error(found.error().message);
    endpoint = *found;
    directory = std::filesystem::temp_directory_path() / ("studyctl-engine-" + volume_);
    std::filesystem::create_directories(directory);
    if (options_.lease_directory == DockerOptions().lease_directory)
      options_.lease_directory = directory / "leases";
    begin();
  }
  ~RealEngine() {
    if (!resync({})) std::abort();
    until([this] { return ours().empty(); });
    engine.reset();
    std::filesystem::remove_all(directory);
  }
  RealEngine(const RealEngine&) = delete;
  RealEngine& operator=(const RealEngine&) = delete;

  // A controller dies and another one comes.
  void begin() {
    engine.reset();
    seen.clear();
    engine = std::make_unique<DockerEngine>(
        loop, endpoint,
        [this](const Observation& observation) {
          seen[observation.attempt].push_back(observation);
          if (on_seen) on_seen(observation);
        },
        volume_, options_);
  }

  AttemptSpec attempt(const std::string& name, const std::string& script) {
    AttemptSpec spec;
    spec.id.text = "studyctl-" + volume_.substr(0, 8) + "-" + name;
    spec.labels = {{"studyctl.io/volume", volume_},
                   {"studyctl.io/study", "contract"},
                   {"studyctl.io/attempt", "1"},
                   {"studyctl.io/spec-hash", "hash-of-" + name}};
    spec.main.image = kTestImage;
    spec.main.command = {"/bin/sh", "-c", script};
    spec.directory = directory / name;
    std::filesystem::create_directories(spec.directory);
    return spec;
  }

  // Runs the loop until `done` holds; false when that took too long.
  bool until(const std::function<bool()>& done, Duration patience = std::chrono::seconds(40)) {
    const Steady deadline = clock.steady() + patience;
    while (!done()) {
      if (clock.steady() > deadline) return false;
      loop.run_once(Duration(50));
    }
    return true;
  }
  void run_for(Duration time) {
    until([] { return false; }, time);
  }

  const Observation* last(const AttemptId& id) const {
    const auto found = seen.find(id);
    return found == seen.end() || found->second.empty() ? nullptr : &found->second.back();
  }
  const Observation* find(const AttemptId& id, Observation::Phase phase) const {
    const auto found = seen.find(id);
    if (found == seen.end()) return nullptr;
    for (const Observation& observation : found->second) {
      if (observation.phase == phase) return &observation;
    }
    return nullptr;
  }
  int count(const AttemptId& id, Observation::Phase phase) const {
    int result = 0;
    const auto found = seen.find(id);
    if (found == seen.end()) return 0;
    for (const Observation& observation : found->second) result += observation.phase == phase;
    return result;
  }
  // All that was seen of an attempt, for a failed test.
  std::string story(const AttemptId& id) {
    static constexpr const char* kPhases[] = {"Preparing", "Created", "Refused", "Running",
                                              "Exited",    "Missing", "Gone"};
    std::string text = "seen:";
    for (const Observation& observation : seen[id]) {
      text += " " + std::string(kPhases[static_cast<size_t>(observation.phase)]) + "(" + observation.message +
              ")";
    }
    return text + "; the engine shows: " + ask("GET", "/containers/" + id.text + "/json").body.substr(0, 700);
  }
  bool await(const AttemptId& id, Observation::Phase phase) {
    return until([&] { return find(id, phase) != nullptr; });
  }

  // create, start, and what it came to.
  Observation run(const AttemptSpec& spec) {
    using Phase = Observation::Phase;
    engine->create(spec);
    until([&] { return find(spec.id, Phase::Created) || find(spec.id, Phase::Refused); });
    if (find(spec.id, Phase::Created) == nullptr) return last(spec.id) ? *last(spec.id) : Observation{};
    engine->start(spec.id);
    until([&] {
      return last(spec.id)->phase == Phase::Exited || last(spec.id)->phase == Phase::Refused ||
             last(spec.id)->phase == Phase::Missing;
    });
    return *last(spec.id);
  }
  bool forget(const AttemptId& id) {
    engine->forget(id);
    return await(id, Observation::Phase::Gone);
  }
  Result<void> resync(std::vector<Engine::Expected> expected) {
    std::optional<Result<void>> answer;
    engine->resync(std::move(expected), [&answer](Result<void> result) { answer = std::move(result); });
    if (!until([&] { return answer.has_value(); }))
      return Error{ErrorCode::Unavailable, "resync does not end"};
    return *answer;
  }

  // A call to the engine behind our back.
  HttpResponse ask(const std::string& method, const std::string& path, const std::string& body = {}) {
    HttpClient client(loop, endpoint.address, 2);
    HttpRequest request;
    request.method = method;
    request.path = "/v1.41" + path;
    request.body = body;
    if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    std::optional<HttpResponse> answer;
    client.call(std::move(request),
                [&answer](Result<HttpResponse> got) { answer = got ? *got : HttpResponse{}; });
    until([&] { return answer.has_value(); });
    return *answer;
  }
  std::vector<ListedContainer> ours() {
    const auto response = ask(
        "GET", "/containers/json?all=1&filters=" + filters({{"label", {"studyctl.io/volume=" + volume_}}}));
    auto listed = parse_container_list(response.body);
    return listed ? *listed : std::vector<ListedContainer>();
  }
  ContainerView view(const std::string& container) {
    auto seen_view = parse_container(ask("GET", "/containers/" + container + "/json").body);
    return seen_view ? *seen_view : ContainerView{};
  }

  const std::string& volume() const { return volume_; }

  SystemClock clock;
  EventLoop loop;
  Endpoint endpoint;
  std::filesystem::path directory;
  std::map<AttemptId, std::vector<Observation>> seen;
  std::function<void(const Observation&)> on_seen;
  std::unique_ptr<DockerEngine> engine;

 private:
  std::string volume_;
  DockerOptions options_;
};

}  // namespace studyctl
