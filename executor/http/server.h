#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "http/tls.h"
#include "http/wire.h"

namespace studyctl {

// Who asks.
struct Caller {
  enum class Role : uint8_t { Viewer, Operator };
  std::string name;
  Role role = Role::Viewer;
  bool is_local = false;  // the owner of the control socket, who may do all that the service may
};

struct ApiRequest {
  std::string method;
  std::string path;                            // decoded, without the query
  std::map<std::string, std::string> query;    // decoded; of a name that is given twice, the last
  std::map<std::string, std::string> headers;  // by lower-case name
  std::string body;
  std::optional<Peer> peer{};  // who shows a certificate
  Caller caller{};             // as an Admit said
};

struct ApiResponse {
  int status = 200;
  std::string body;
  std::string type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers{};
  // Instead of `body`: the parts of an answer that goes on; see Followers.
  std::function<std::optional<std::string>()> more{};
};

// An error as RFC 9457 wants it: application/problem+json.
ApiResponse problem(int status, const std::string& detail);

// Where a server listens.
struct ListenAddress {
  std::filesystem::path socket;      // a Unix socket, or …
  std::string host;                  // … an IP address without brackets
  int port = 0;                      // 0: any that is free
  std::vector<std::string> names{};  // by which clients may know it, beside the address and localhost
};
// "127.0.0.1:8080", "[::1]:8080", "localhost:8080", ":8080" (loopback). Invalid: anything else.
Result<ListenAddress> parse_listen_address(const std::string& text);
// "[::1]:8080"
std::string authority_of(const ListenAddress& address);
// No other machine reaches it.
bool is_loopback(const ListenAddress& address);

struct ServerLimits {
  size_t body = 1 << 20;     // bytes
  size_t connections = 64;   // at once, a thread each; one more is answered 503
  size_t followers = 1000;   // answers that go on, at once; they are no connections of those
  Duration request{10'000};  // for a request to arrive, from its first byte on
  Duration idle{30'000};     // between two requests of a connection
  Duration write{10'000};    // for the other side to take a part of an answer; a follower ten times as long
  size_t requests = 10'000;  // of one connection
};

// What stands around the answers of a server.
struct ServerHooks {
  // Says who asks, or refuses. It is asked before the body is read, and again with it; null admits everybody.
  std::function<std::optional<ApiResponse>(ApiRequest&)> admit{};
  // Told of every answer, refusals too, once it has been sent.
  std::function<void(const std::string& path, int status)> answered{};
  Tls* tls = nullptr;  // outlives the server; null: it speaks plain HTTP
};

// Answers HTTP/1.1. cpp-httplib parses and lives in server.cpp alone; what it lets through is refused here,
// see guard.h. The answers are made on threads of its own, one a connection.
class Server {
 public:
  using Answer = std::function<ApiResponse(const ApiRequest&)>;

  // Listens until it is destroyed, which waits for the answers that are on. A socket is made anew, for its
  // owner alone. Unavailable: the address cannot be listened at.
  static Result<std::unique_ptr<Server>> listen(const ListenAddress& address, const ServerLimits& limits,
                                                Answer answer, ServerHooks hooks = {});
  virtual ~Server() = default;

  virtual int port() const = 0;  // 0 of a Unix socket

  // Waits for answers that go on to come to their end, and then for those who were told of it to have asked
  // what they want to know: until nobody has for a second and a half. `patience` at most; what still goes on
  // is cut off when the server is destroyed.
  virtual void finish(Duration patience) = 0;
};

}  // namespace studyctl
