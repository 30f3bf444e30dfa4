#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/docker/api.h"
#include "model/study.h"

namespace studyctl {

// What is looked at to find an engine; filled from the environment, or by hand in tests.
struct EngineSearch {
  EngineKind kind = EngineKind::Auto;
  std::string endpoint;  // fixed: this one and no other, when not empty ("unix:///…", "tcp://…")
  std::string docker_certificates;  // DOCKER_CERT_PATH, with DOCKER_TLS_VERIFY: for DOCKER_HOST
  std::string docker_host;          // DOCKER_HOST
  std::string container_host;       // CONTAINER_HOST
  std::string runtime_directory;    // XDG_RUNTIME_DIR
  std::string docker_socket = "/var/run/docker.sock";
  std::string podman_socket = "/run/podman/podman.sock";

  static EngineSearch from_environment(EngineKind kind);
};

// Where an engine may listen, the most wanted first. One that was named is the only one.
struct Candidate {
  std::string address;  // as HttpAddress::parse() reads it
  std::string origin;   // "DOCKER_HOST", empty for a known place
};
std::vector<Candidate> candidates(const EngineSearch& search);

// Asks the candidates, one after another, which of them is the engine that is wanted. Runs the loop
// meanwhile, for some seconds at most: for before a run only. NotFound: nobody listens anywhere, and the
// message says where was looked and what to install; Unavailable: there is one that cannot be used, and why
// (permission, no answer, another engine than asked for).
Result<Endpoint> find_endpoint(EventLoop& loop, const EngineSearch& search);

// Asks one. For find_endpoint() and for an engine that was started just now.
Result<Endpoint> handshake(EventLoop& loop, const HttpAddress& address);

// What an answer to GET /_ping says; Unavailable when that is no engine, or one too old.
Result<Endpoint> read_ping(const HttpAddress& address, const HttpResponse& response);

// The addresses of all engines that may run containers here: `own`, the known sockets, `others`.
std::vector<HttpAddress> engines_of_this_machine(const HttpAddress& own,
                                                 const std::vector<std::string>& others);
// Those that are `named`, and at the known sockets.
std::vector<HttpAddress> engines_of_this_machine(const std::vector<std::string>& named);

}  // namespace studyctl
