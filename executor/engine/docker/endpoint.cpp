#include "engine/docker/endpoint.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <set>

#include "base/fd.h"
#include "base/text.h"
#include "engine/docker/api_json.h"
#include "engine/docker/engine_process.h"

namespace studyctl {
namespace {

constexpr Duration kPatience{5000};
constexpr int kOldestMinor = 41;
constexpr char kInstall[] =
    "install Docker (apt-get install docker.io) or Podman (apt-get install podman), or name one with "
    "DOCKER_HOST";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string product_of(EngineKind kind) {
  return kind == EngineKind::Podman ? "Podman" : "Docker";
}

bool is_wanted(EngineKind kind, const Endpoint& endpoint) {
  return kind == EngineKind::Auto || (kind == EngineKind::Podman) == endpoint.is_podman();
}

std::string label(const Candidate& candidate) {
  return candidate.origin.empty() ? candidate.address : candidate.origin + "=" + candidate.address;
}

bool is_socket(const HttpAddress& address) {
  return !address.unix_socket.empty();
}

bool is_socket_absent(const HttpAddress& address) {
  std::error_code failure;
  return is_socket(address) && !std::filesystem::exists(address.unix_socket, failure);
}

// "…: Permission denied" alone leaves people guessing.
std::string with_advice(std::string message, const HttpAddress& address) {
  if (message.find("Permission denied") == std::string::npos) return message;
  const bool is_podman = address.unix_socket.find("podman") != std::string::npos;
  return message +
         (is_podman ? "; use your own Podman (unset CONTAINER_HOST), or run as root"
                    : "; add yourself to the group docker (sudo usermod -aG docker $USER) and log in again");
}

// Podman sets 1048576 for both, which takes a capability that it lacks in some sandboxes.
std::vector<std::pair<std::string, int64_t>> limits_of(const std::string& socket) {
  constexpr int64_t kMost = 1 << 20;
  const auto process = engine_process(socket);
  if (!process || process->may_raise_limits) return {};
  return {{"nofile", std::min(kMost, process->most_files)},
          {"nproc", std::min(kMost, process->most_processes)}};
}

Result<HttpResponse> get(EventLoop& loop, const HttpAddress& address, const std::string& path) {
  HttpClient client(loop, address, 1);
  std::optional<Result<HttpResponse>> answer;
  HttpRequest request;
  request.path = path;
  request.timeout = kPatience;
  client.call(std::move(request), [&answer](Result<HttpResponse> got) { answer = std::move(got); });
  while (!answer) loop.run_once(kPatience);
  return *std::move(answer);
}

// An engine that does not know our container runs in one with us, or elsewhere: its paths are as far as ours.
Result<HostPaths> paths_of(EventLoop& loop, const Endpoint& endpoint) {
  const auto own = own_container(read_or_empty("/proc/self/mountinfo"));
  if (!own) return HostPaths();
  const std::string path = "/v1." + std::to_string(endpoint.api_minor) + "/containers/" + *own + "/json";
  const auto answer = get(loop, endpoint.address, path);
  if (!answer) return answer.error();
  if (answer->status == 404) return HostPaths();
  auto seen = parse_mounts(answer->body);
  if (answer->status == 200 && seen) return HostPaths(*std::move(seen));
  return Error{ErrorCode::Unavailable,
               "it does not tell what is mounted into the controller's own container " + own->substr(0, 12) +
                   " (HTTP status " + std::to_string(answer->status) + ")"};
}

}  // namespace

EngineSearch EngineSearch::from_environment(EngineKind kind) {
  EngineSearch search;
  search.kind = kind;
  search.docker_host = environment("DOCKER_HOST");
  if (!environment("DOCKER_TLS_VERIFY").empty()) {
    search.docker_certificates = environment("DOCKER_CERT_PATH");
    if (search.docker_certificates.empty()) search.docker_certificates = environment("HOME") + "/.docker";
  }
  search.container_host = environment("CONTAINER_HOST");
  search.runtime_directory = environment("XDG_RUNTIME_DIR");
  return search;
}

std::vector<Candidate> candidates(const EngineSearch& search) {
  if (!search.endpoint.empty()) return {{search.endpoint, "the recorded engine"}};
  if (!search.container_host.empty() && search.kind == EngineKind::Podman) {
    return {{search.container_host, "CONTAINER_HOST"}};
  }
  if (!search.docker_host.empty()) return {{search.docker_host, "DOCKER_HOST"}};
  if (!search.container_host.empty() && search.kind == EngineKind::Auto) {
    return {{search.container_host, "CONTAINER_HOST"}};
  }
  std::vector<Candidate> result;
  const std::string& own = search.runtime_directory;
  if (search.kind != EngineKind::Podman) {
    result.push_back({"unix://" + search.docker_socket, {}});
    if (!own.empty()) result.push_back({"unix://" + own + "/docker.sock", {}});
  }
  if (search.kind != EngineKind::Docker) {
    if (!own.empty()) result.push_back({"unix://" + own + "/podman/podman.sock", {}});
    result.push_back({"unix://" + search.podman_socket, {}});
  }
  return result;
}

Result<Endpoint> find_endpoint(EventLoop& loop, const EngineSearch& search) {
  std::vector<std::string> looked;
  std::vector<std::string> failures;
  for (const Candidate& candidate : candidates(search)) {
    auto address = HttpAddress::parse(candidate.address);
    if (!address) return std::move(address).error().within(label(candidate));
    if (candidate.address == search.docker_host && !search.docker_certificates.empty() &&
        !is_socket(*address)) {
      if (auto secured = address->use_tls(search.docker_certificates); !secured) {
        return std::move(secured).error().within(label(candidate));
      }
    }
    looked.push_back(label(candidate));
    if (is_socket_absent(*address) && candidate.origin.empty()) continue;
    auto endpoint = handshake(loop, *address);
    if (endpoint && is_wanted(search.kind, *endpoint)) return endpoint;
    if (endpoint) {
      failures.push_back(label(candidate) + " is " + endpoint->text() + ", not " + product_of(search.kind));
    } else {
      failures.push_back(with_advice(label(candidate) + ": " + endpoint.error().message, *address));
    }
  }
  if (!failures.empty())
    return Error{ErrorCode::Unavailable, "no container engine can be used: " + join(failures, "; ")};
  return Error{ErrorCode::NotFound,
               "no container engine was found: nothing listens at " + join(looked, ", ") + "; " + kInstall};
}

Result<Endpoint> handshake(EventLoop& loop, const HttpAddress& address) {
  const auto answer = get(loop, address, "/_ping");
  if (!answer) return answer.error();
  auto endpoint = read_ping(address, *answer);
  if (!endpoint) return endpoint;
  if (endpoint->is_podman()) endpoint->limits = limits_of(address.unix_socket);
  auto paths = paths_of(loop, *endpoint);
  if (!paths) return std::move(paths).error();
  endpoint->paths = *std::move(paths);
  return endpoint;
}

Result<Endpoint> read_ping(const HttpAddress& address, const HttpResponse& response) {
  const std::string version = response.header("api-version");
  const size_t dot = version.find('.');
  if (response.status != 200 || dot == std::string::npos) {
    return Error{ErrorCode::Unavailable, "what answers there is no container engine (HTTP status " +
                                             std::to_string(response.status) + ")"};
  }
  const int minor = std::atoi(version.c_str() + dot + 1);
  Endpoint endpoint;
  endpoint.address = address;
  endpoint.api_minor = negotiated_minor(minor);
  const std::string podman = response.header("libpod-api-version");
  endpoint.flavor = podman.empty() ? EngineFlavor::Docker : EngineFlavor::Podman;
  // "Docker/20.10.24+dfsg1 (linux)"
  const std::string server = response.header("server");
  const size_t slash = server.find('/');
  endpoint.server_version = !podman.empty() ? podman
                            : slash == std::string::npos
                                ? version
                                : server.substr(slash + 1, server.find_first_of("+ ", slash) - slash - 1);
  if (minor < kOldestMinor) {
    return Error{ErrorCode::Unavailable,
                 "its API " + version + " is too old: Docker 20.10 or Podman 4.3 at least is needed"};
  }
  return endpoint;
}

std::vector<HttpAddress> engines_of_this_machine(const std::vector<std::string>& named) {
  EngineSearch known;
  known.runtime_directory = environment("XDG_RUNTIME_DIR");
  std::vector<std::string> texts = named;
  for (const Candidate& candidate : candidates(known)) texts.push_back(candidate.address);
  std::vector<HttpAddress> result;
  std::set<std::string> seen;
  for (const std::string& text : texts) {
    auto address = HttpAddress::parse(text);
    if (address && seen.insert(address->unix_socket).second) result.push_back(std::move(*address));
  }
  return result;
}

std::vector<HttpAddress> engines_of_this_machine(const HttpAddress& own,
                                                 const std::vector<std::string>& others) {
  std::vector<HttpAddress> result = engines_of_this_machine(others);
  std::erase_if(result, [&own](const HttpAddress& other) { return other.unix_socket == own.unix_socket; });
  result.insert(result.begin(), own);
  return result;
}

}  // namespace studyctl
