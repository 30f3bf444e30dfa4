#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "engine/docker/api.h"
#include "io/event_loop.h"
#include "io/subprocess.h"

namespace studyctl {

// What Inventory::endpoint says where the service is our own: its socket is another each time.
inline constexpr char kOwnPodmanService[] = "podman://own-service";

// Podman's API service, run by us on a socket of our own: for machines where Podman is installed and nothing
// listens. It ends with this object; its containers do not. One that dies is started again. Control thread
// only.
class PodmanService {
 public:
  // Starts it and waits until it answers, running the loop meanwhile. NotFound without a `podman` on PATH.
  static Result<std::unique_ptr<PodmanService>> start(EventLoop& loop,
                                                      const std::filesystem::path& directory);
  ~PodmanService();
  PodmanService(const PodmanService&) = delete;
  PodmanService& operator=(const PodmanService&) = delete;

  const Endpoint& endpoint() const { return endpoint_; }

 private:
  PodmanService(EventLoop& loop, const std::filesystem::path& directory);
  Result<void> spawn();
  void on_end();
  Result<Endpoint> await_answer();

  EventLoop& loop_;
  std::filesystem::path socket_, log_;
  std::optional<Subprocess> process_;
  std::optional<EventLoop::Token> restart_;
  Endpoint endpoint_;
};

// Where the sockets of our services lie: private to this user.
std::filesystem::path service_directory();

}  // namespace studyctl
