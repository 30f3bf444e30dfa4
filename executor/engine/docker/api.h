#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "engine/docker/host_paths.h"
#include "io/event_loop.h"
#include "io/http_client.h"

namespace studyctl {

enum class EngineFlavor : uint8_t { Docker, Podman };

// An engine that answered, and what the handshake said.
struct Endpoint {
  HttpAddress address;
  EngineFlavor flavor = EngineFlavor::Docker;
  int api_minor = 41;          // of the version to speak: 1.41
  std::string server_version;  // "20.10.24", "4.3.1"
  // What a container's limits must be set to, where Podman would ask for more than it may raise them to.
  // Always both: given one, it fills in the other.
  std::vector<std::pair<std::string, int64_t>> limits;
  HostPaths paths{};

  bool is_podman() const { return flavor == EngineFlavor::Podman; }
  // True when the engine is on this machine: its paths and, mostly, its pids are ours.
  bool is_local() const { return !address.unix_socket.empty(); }
  // "Docker 20.10.24 (API 1.41)"
  std::string text() const;
};

// The version to speak to a server whose newest is `server_minor`: one that every release from 20.10 to 29
// accepts.
int negotiated_minor(int server_minor);

// True when a call failed before anything of it was said: nobody listened. Only then may a start be tried
// again.
bool is_unheard(const Error& error);

// How long calls take, and how many came to nothing, by what they were for.
class EngineMetrics {
 public:
  EngineMetrics() = default;  // keeps nothing
  explicit EngineMetrics(Metrics& metrics);

  // A client that calls `done`, and measures when that is.
  HttpClient::Done measured(const HttpRequest& request, HttpClient::Done done) const;

 private:
  struct Figures {
    Histogram seconds;
    Counter errors;
  };
  static constexpr size_t kOperations = 9;
  std::array<Figures, kOperations> by_operation_{};
};

// One engine's HTTP API, with its paths and its version. Lives on the loop's thread.
class EngineApi {
 public:
  EngineApi(EventLoop& loop, Endpoint endpoint, int most_connections, EngineMetrics metrics = {});

  const Endpoint& endpoint() const { return endpoint_; }
  bool is_podman() const { return endpoint_.is_podman(); }
  EventLoop& loop() { return loop_; }
  HttpClient& client() { return client_; }
  // As HttpClient has it.
  HttpClient::Token call(HttpRequest request, HttpClient::Done done);

  HttpRequest get(const std::string& path) const;
  HttpRequest post(const std::string& path, std::string body = {}) const;
  HttpRequest remove(const std::string& path) const;
  // Podman's own API, for what its compatible one cannot say.
  HttpRequest libpod_post(const std::string& path, std::string body) const;

 private:
  EventLoop& loop_;
  Endpoint endpoint_;
  HttpClient client_;
  EngineMetrics metrics_;
};

// Calls, streams and timers that end with their owner: destroying it drops them all without calling back. A
// callback may destroy it.
class Calls {
 public:
  using Token = uint64_t;

  explicit Calls(EngineApi& api) : api_(api) {}
  ~Calls();
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;

  // One try. For what must not be said twice without looking in between.
  Token once(HttpRequest request, HttpClient::Done done);
  // Tries again, with backoff, until the engine answers: an outage only delays it. For what is safe to
  // repeat.
  Token ask(HttpRequest request, std::function<void(HttpResponse)> done);
  Token stream(HttpRequest request, HttpClient::Headers headers, HttpClient::Chunk chunk,
               HttpClient::Done done);
  Token after(Duration delay, std::function<void()> callback);
  // Unknown tokens are ignored.
  void drop(Token token);
  void drop_all();

 private:
  struct Pending {
    uint64_t token = 0;
    bool is_timer = false;
  };
  void ask_again(Token token, HttpRequest request, std::function<void(HttpResponse)> done, Duration backoff);
  void drop(const Pending& pending);

  EngineApi& api_;
  std::map<Token, Pending> pending_;
  Token next_ = 1;
};

}  // namespace studyctl
