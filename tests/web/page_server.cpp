#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "http/api.h"
#include "http/web_page.h"
#include "study/applied_study.h"

// page_server RESULTS PORT [EXPERIMENTS]: the page and the read-only API of a results volume, until it is
// killed. With EXPERIMENTS the volume is made first: a run of so many, nine in ten of them done, as a
// controller leaves it.
namespace studyctl {
namespace {

std::string manifest_of(uint64_t experiments) {
  return R"(
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: large}
spec:
  sweep:
    model: {from: 0, to: 9, step: 1}
    batch: {from: 0, to: 9, step: 1}
    seed: {from: 1, to: )" +
         std::to_string(experiments / 100) + R"(, step: 1}
  template: {spec: {containers: [{name: main, image: "acme/bench:1", command: [bench, "${params.model}", "${params.seed}"]}]}}
  results:
    metrics: [{name: latency, from: {stdout: true, regex: '(.)'}, unit: ms, goal: minimize}]
  execution: {limit: 1000000}
)";
}

void record(const std::filesystem::path& results, uint64_t experiments) {
  AppliedStudy study(results, manifest_of(experiments));
  std::mt19937_64 random(1);
  std::vector<Fact> facts;
  for (uint64_t index = 0; index < experiments * 9 / 10; ++index) {
    const AttemptKey key = attempt_of(index);
    AttemptEnded ended;
    ended.key = key;
    ended.duration = std::chrono::milliseconds(500 + random() % 1000);
    const bool fails = random() % 50 == 0;
    ended.reason = fails ? Reason::Timeout : Reason::Completed;
    ended.verdict = fails ? Verdict::Failed : Verdict::Succeeded;
    if (!fails) ended.metrics = {{"latency", 10 + static_cast<double>(random() % 1000) / 100, "ms"}};
    study.record({AttemptIntended{key, ""}, AttemptRunning{key, study.now()}, std::move(ended)});
  }
  study.change(RunState::Stopped, "stopped");
  study.publish_status(RunState::Stopped);
}

int serve(const std::filesystem::path& results, int port) {
  const auto run = std::filesystem::path(results) / "large" / "latest";
  const auto server = Server::listen({{}, "127.0.0.1", port}, {}, view_routes(results, run));
  if (!server) return std::fprintf(stderr, "%s\n", server.error().message.c_str()), 1;
  std::printf("listening: http://127.0.0.1:%d\n", (*server)->port());
  std::fflush(stdout);
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  int which = 0;
  sigwait(&ends, &which);
  return 0;
}

}  // namespace
}  // namespace studyctl

int main(int count, char** arguments) {
  if (count < 3) return 2;
  // Before there are threads, which would take it.
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  if (count > 3) studyctl::record(arguments[1], std::strtoull(arguments[3], nullptr, 10));
  return studyctl::serve(arguments[1], std::atoi(arguments[2]));
}
