#pragma once

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "base/temporary_directory.h"
#include "engine/kubernetes/kubernetes_engine.h"
#include "engine/kubernetes/lab_on.h"
#include "io/fake_clock.h"
#include "io/run_until.h"

namespace studyctl {

// A KubernetesEngine at a scripted API server, which has no pods and takes every Job until it is told
// otherwise. Its time passes as a test lets it.
class WireCluster {
 public:
  WireCluster() {
    lists("1");
    server.on("GET */pods?labelSelector=*watch=1*", Script().begin_stream().stall());
    server.on(kPost, Script().answer(201, "{}"));
    server.on("GET */log*", Script().answer(200, "hello\n"));
    server.on("DELETE *", Script().answer(200, "{}"));
    server.on("GET */events*", Script().answer(200, R"({"items":[]})"));
    access = lab_on(server);
    begin();
  }

  void begin() {
    engine.reset();
    seen.clear();
    engine = std::make_unique<KubernetesEngine>(
        loop, access, [this](const Observation& observation) { seen.push_back(observation); }, "volume-1",
        options);
  }

  static constexpr char kPost[] = "POST */namespaces/lab/jobs";
  static constexpr char kList[] = "GET */pods?labelSelector=*limit=*";
  static constexpr char kWatch[] = "GET */pods?labelSelector=*watch=1*";

  // A pod of the attempt "a1", which is of the run "r".
  static std::string pod(const std::string& status, const std::string& uid = "u1", int version = 5,
                         const std::string& metadata = "") {
    return R"({"metadata":{"name":"a1-)" + uid + R"(","uid":")" + uid + R"(","resourceVersion":")" +
           std::to_string(version) + R"(",)" + metadata +
           R"("labels":{"studyctl.io/attempt-id":"a1","studyctl.io/run":"r"}},"spec":{"nodeName":"n"},"status":)" +
           status + "}";
  }
  static std::string main_is(const std::string& state) {
    return R"({"phase":"x","containerStatuses":[{"name":"main","state":)" + state + "}]}";
  }
  static std::string running() { return main_is(R"({"running":{"startedAt":"2026-11-22T00:00:01Z"}})"); }
  static std::string exited(int code) {
    return main_is(R"({"terminated":{"exitCode":)" + std::to_string(code) +
                   R"(,"startedAt":"2026-11-22T00:00:01Z","finishedAt":"2026-11-22T00:00:02Z"}})");
  }
  static std::string list(const std::string& version, const std::string& pods = "") {
    return R"({"metadata":{"resourceVersion":")" + version + R"("},"items":[)" + pods + "]}";
  }
  static std::string line(const std::string& type, const std::string& object) {
    return R"({"type":")" + type + R"(","object":)" + object + "}\n";
  }
  static std::string status(int code, const std::string& message) {
    return R"({"kind":"Status","code":)" + std::to_string(code) + R"(,"message":")" + message + R"("})";
  }
  static Script denied(const std::string& verb, const std::string& resource, const std::string& group) {
    return Script().answer(
        403, status(403, resource + R"( is forbidden: User \"ann\" cannot )" + verb + R"( resource \")" +
                             resource + R"(\" in API group \")" + group + R"(\" in the namespace \"lab\")"));
  }
  void lists(const std::string& version, const std::string& pods = "") {
    server.on(kList, Script().answer(200, list(version, pods)));
  }

  AttemptSpec spec() {
    AttemptSpec result;
    result.id.text = "a1";
    result.labels = {{"studyctl.io/volume", "volume-1"}, {"studyctl.io/run", "r"}};
    result.main.image = "acme/x:1";
    result.directory = directory.path() / "a1";
    result.scratch = directory.path() / "a1-scratch";
    std::filesystem::create_directories(result.directory);
    std::filesystem::create_directories(result.scratch);
    return result;
  }
  void start() {
    engine->create(spec());
    engine->start({"a1"});
  }
  // Without that time passes.
  bool until(const std::function<bool()>& is_done) { return run_until(loop, is_done); }
  bool until(Observation::Phase phase) {
    return until([&] { return !seen.empty() && seen.back().phase == phase; });
  }
  // Time passes until then; false after an hour of it.
  bool passes_until(const std::function<bool()>& is_done) {
    for (const Steady end = clock.steady() + std::chrono::hours(1); clock.steady() < end;) {
      for (int turn = 0; turn < 4; ++turn) loop.run_once(Duration(5));
      if (is_done()) return true;
      clock.advance(Duration(500));
    }
    return false;
  }
  bool posts(int count) {
    return passes_until([&] { return server.count(kPost) >= count; });
  }
  std::string out() {
    std::ifstream file(directory.path() / "a1/stdout.log");
    return std::string((std::istreambuf_iterator<char>(file)), {});
  }

  ScriptedServer server;
  TemporaryDirectory directory;
  FakeClock clock;
  EventLoop loop{clock};
  ClusterAccess access;
  ClusterOptions options;
  std::vector<Observation> seen;
  std::unique_ptr<KubernetesEngine> engine;
};

}  // namespace studyctl
