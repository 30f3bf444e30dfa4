// 100 containers of `true`, four at a time, through DockerEngine and through a bare loop of create, start,
// wait and remove on the same socket: interleaved pairs, the median of their ratios. usage: engine_bench
// ADDRESS [PAIRS [CONTAINERS [compat|libpod]]]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "e2e/real_engine.h"

namespace studyctl {
namespace {

constexpr int kInFlight = 4;

double seconds_since(Steady begin, const Clock& clock) {
  return std::chrono::duration<double>(clock.steady() - begin).count();
}

double cpu_seconds() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

// One container after another, as a loop over the API would.
class BareLoop {
 public:
  BareLoop(RealEngine& real, std::string wait)
      : real_(real), client_(real.loop, real.endpoint.address, 16), wait_(std::move(wait)) {}

  double run(int containers) {
    left_ = containers;
    const Steady begin = real_.clock.steady();
    for (int i = 0; i < kInFlight; ++i) next();
    while (finished_ < containers) real_.loop.run_once(Duration(100));
    finished_ = 0;
    return seconds_since(begin, real_.clock);
  }

 private:
  void call(const std::string& method, const std::string& path, const std::string& body,
            std::function<void(HttpResponse)> then) {
    HttpRequest request;
    request.method = method;
    request.path = path;
    request.body = body;
    request.timeout.reset();
    if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    client_.call(std::move(request), [then = std::move(then)](Result<HttpResponse> answer) {
      if (!answer || answer->status >= 400)
        std::fprintf(stderr, "%s\n", answer ? answer->body.c_str() : answer.error().message.c_str()),
            std::exit(1);
      then(std::move(*answer));
    });
  }
  void next() {
    if (left_-- <= 0) return;
    const std::string name = "bare-" + real_.volume().substr(0, 8) + "-" + std::to_string(++made_);
    const std::string body = std::string(R"({"Image":")") + kTestImage +
                             R"(","Cmd":["/bin/true"],"HostConfig":{"LogConfig":{"Type":"json-file"})" +
                             limits() + "}}";
    call("POST", "/v1.41/containers/create?name=" + name, body, [this](const HttpResponse& response) {
      const std::string id = *parse_created(response.body);
      call("POST", "/v1.41/containers/" + id + "/start", {}, [this, id](const HttpResponse&) {
        const std::string path = wait_ == "libpod"
                                     ? "/v4.0.0/libpod/containers/" + id + "/wait?condition=exited"
                                     : "/v1.41/containers/" + id + "/wait";
        call("POST", path, {}, [this, id](const HttpResponse&) {
          call("DELETE", "/v1.41/containers/" + id + "?v=true&force=true", {}, [this](const HttpResponse&) {
            ++finished_;
            next();
          });
        });
      });
    });
  }
  std::string limits() const {
    std::string text;
    for (const auto& [name, limit] : real_.endpoint.limits) {
      text += (text.empty() ? "" : ",") + std::string(R"({"Name":")") + name + R"(","Soft":)" +
              std::to_string(limit) + R"(,"Hard":)" + std::to_string(limit) + "}";
    }
    return text.empty() ? text : ",\"Ulimits\":[" + text + "]";
  }

  RealEngine& real_;
  HttpClient client_;
  std::string wait_;
  int left_ = 0, made_ = 0, finished_ = 0;
};

struct EngineTime {
  double seconds = 0;
  double cpu = 0;
};

EngineTime run_engine(RealEngine& real, int containers, int round) {
  using Phase = Observation::Phase;
  std::vector<AttemptSpec> specs;
  for (int i = 0; i < containers; ++i) {
    specs.push_back(real.attempt("r" + std::to_string(round) + "-" + std::to_string(i), {}));
    specs.back().main.command = {"/bin/true"};
  }
  const double cpu = cpu_seconds();
  const Steady begin = real.clock.steady();
  size_t next = 0, gone = 0;
  std::map<AttemptId, Phase> phases;
  const auto step = [&](const Observation& seen) {
    if (seen.phase == Phase::Created) real.engine->start(seen.attempt);
    if (seen.phase == Phase::Exited) real.engine->forget(seen.attempt);
    if (seen.phase == Phase::Refused || seen.phase == Phase::Missing)
      std::fprintf(stderr, "%s\n", seen.message.c_str()), std::exit(1);
    if (seen.phase != Phase::Gone) return;
    ++gone;
    if (next < specs.size()) real.engine->create(specs[next++]);
  };
  real.on_seen = step;
  for (; next < static_cast<size_t>(kInFlight); ++next) real.engine->create(specs[next]);
  while (gone < specs.size()) real.loop.run_once(Duration(100));
  real.on_seen = {};
  return {seconds_since(begin, real.clock), cpu_seconds() - cpu};
}

int bench(int count, char** arguments) {
  const int pairs = count > 2 ? std::atoi(arguments[2]) : 5;
  const int containers = count > 3 ? std::atoi(arguments[3]) : 100;
  RealEngine real(arguments[1]);
  BareLoop bare(real, count > 4 ? arguments[4] : "compat");
  run_engine(real, kInFlight, -1);
  std::vector<double> ratios;
  for (int i = 0; i < pairs; ++i) {
    const double loop = bare.run(containers);
    const EngineTime ours = run_engine(real, containers, i);
    ratios.push_back(loop / ours.seconds);
    std::printf("bare %.2f s, studyctl %.2f s (%.3f x, %.2f ms of cpu each)\n", loop, ours.seconds,
                ratios.back(), ours.cpu * 1000 / containers);
    std::fflush(stdout);
  }
  std::sort(ratios.begin(), ratios.end());
  std::printf("median %.3f x\n", ratios[ratios.size() / 2]);
  return 0;
}

}  // namespace
}  // namespace studyctl

int main(int count, char** arguments) {
  return count < 2 ? 4 : studyctl::bench(count, arguments);
}
