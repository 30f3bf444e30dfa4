#pragma once

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "base/temporary_directory.h"
#include "engine/docker/docker_engine.h"
#include "io/run_until.h"
#include "io/scripted_server.h"

namespace studyctl {

// A DockerEngine at a scripted server, which behaves like an engine with one container, "c1", until it is
// told otherwise.
class WireEngine {
 public:
  explicit WireEngine(EngineFlavor flavor = EngineFlavor::Docker) {
    server.on("GET /*/events*", Script().begin_stream().stall());
    server.on("GET /*/containers/json*", Script().answer(200, "[]"));
    server.on("GET /*/images/*/json", Script().answer(200, R"({"Id":"sha256:i1"})"));
    server.on("POST /*/containers/create*", Script().answer(201, R"({"Id":"c1"})"));
    server.on("POST /*/containers/c1/start", Script().answer(204));
    server.on("GET /*/containers/*/logs*", Script().answer(200, frame(1, "hello\n")));
    server.on("POST /*/containers/c1/kill*", Script().answer(204));
    server.on("DELETE /*", Script().answer(204));
    ends_with(0);
    endpoint.address = server.address();
    endpoint.flavor = flavor;
    endpoint.server_version = "20.10.24";
    begin();
  }

  void begin() {
    engine.reset();
    seen.clear();
    DockerOptions options;
    options.lease_directory = directory.path() / "leases";
    options.kernel_log = "/nowhere";
    options.devices = {{}, "/nowhere", "none"};
    options.list_every = list_every;
    options.boot = boot;
    engine = std::make_unique<DockerEngine>(
        loop, endpoint, [this](const Observation& observation) { seen.push_back(observation); }, "volume-1",
        options);
  }

  // Inspecting "c1" shows these.
  static std::string state(const std::string& json) {
    return R"({"Id":"c1","Name":"/a1","Image":"sha256:i1","Config":{"Labels":{"studyctl.io/attempt":"1","studyctl.io/volume":"volume-1"}},"State":)" +
           json + "}";
  }
  void is_running() {
    server.on(
        "GET /*/containers/*/json",
        Script().answer(
            200, state(R"({"Status":"running","Running":true,"Pid":0,"StartedAt":"2096-11-22T00:00:01Z"})")));
  }
  void ends_with(int code) {
    server.on("GET /*/containers/*/json",
              Script().answer(
                  200, state(R"({"Status":"exited","ExitCode":)" + std::to_string(code) +
                             R"(,"StartedAt":"2096-11-22T00:00:01Z","FinishedAt":"2096-11-22T00:00:02Z"})")));
  }
  void is_created() {
    server.on("GET /*/containers/*/json",
              Script().answer(200, state(R"({"Status":"created","ExitCode":0})")));
  }
  void is_gone() {
    server.on("GET /*/containers/*/json", Script().answer(404, R"({"message":"No such container: c1"})"));
  }

  static std::string frame(int stream, const std::string& text) {
    return std::string(1, static_cast<char>(stream)) + std::string(6, '\0') + static_cast<char>(text.size()) +
           text;
  }

  AttemptSpec spec() {
    AttemptSpec result;
    result.id.text = "a1";
    result.labels = {{"studyctl.io/attempt", "1"}};
    result.main.image = "acme/x:1";
    result.directory = directory.path() / "a1";
    std::filesystem::create_directories(result.directory);
    return result;
  }
  bool until(Observation::Phase phase) {
    return run_until(loop, [&] { return !seen.empty() && seen.back().phase == phase; });
  }
  bool made() {
    engine->create(spec());
    return until(Observation::Phase::Created);
  }
  bool done() {
    if (!made()) return false;
    engine->start({"a1"});
    return until(Observation::Phase::Exited);
  }
  std::string out() {
    std::ifstream file(directory.path() / "a1/stdout.log");
    return std::string((std::istreambuf_iterator<char>(file)), {});
  }

  Duration list_every{std::chrono::hours(1)};
  std::string boot;
  ScriptedServer server;
  TemporaryDirectory directory;
  SystemClock clock;
  EventLoop loop{clock};
  Endpoint endpoint;
  std::vector<Observation> seen;
  std::unique_ptr<DockerEngine> engine;
};

}  // namespace studyctl
