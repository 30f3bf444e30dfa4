#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "base/temporary_directory.h"
#include "base/text.h"
#include "io/http_client.h"
#include "io/script.h"

namespace studyctl {

// What a ScriptedServer was asked.
struct WireRequest {
  std::string method, path;                    // the path with its query
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  int connection = 0;  // which one brought it, counted from 1

  std::string line() const { return method + " " + path; }
};

// The wire's fake: an HTTP server over raw sockets, on a thread of its own, that answers as it is told. Every
// member function may be called from the test's thread at any time. What nobody scripted is answered with
// 404.
class ScriptedServer {
 public:
  enum class Transport : unsigned char { UnixSocket, Tcp };
  using Answerer = std::function<Script(const WireRequest&)>;

  explicit ScriptedServer(Transport transport = Transport::UnixSocket) : transport_(transport) {
    wake_ = Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    start();
  }
  ~ScriptedServer() { stop(); }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string socket_path() const { return (directory_.path() / "server.sock").string(); }
  HttpAddress address() const {
    const std::string text = transport_ == Transport::UnixSocket ? "unix://" + socket_path()
                                                                 : "tcp://127.0.0.1:" + std::to_string(port_);
    return *HttpAddress::parse(text);
  }

  // Each request whose "METHOD /path?query" fits `pattern` (* and ? as in glob_match) gets this; what was
  // told last comes first.
  void on(std::string pattern, Script script) {
    on(std::move(pattern), [script = std::move(script)](const WireRequest&) { return script; });
  }
  // `answerer` is called on the server's thread.
  void on(std::string pattern, Answerer answerer) {
    const std::lock_guard lock(mutex_);
    rules_.push_front({std::move(pattern), std::move(answerer)});
  }
  // The first request that fits and has come to no other once() gets this.
  void once(std::string pattern, Script script) {
    auto answerer = [script = std::move(script)](const WireRequest&) { return script; };
    const std::lock_guard lock(mutex_);
    single_rules_.push_back({std::move(pattern), std::move(answerer)});
  }
  // Lets what waits at this gate go on, now and later.
  void open(const std::string& gate) {
    {
      const std::lock_guard lock(mutex_);
      open_gates_.insert(gate);
    }
    wake();
  }

  std::vector<WireRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  // How many requests fit.
  int count(const std::string& pattern) const {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(
        std::count_if(requests_.begin(), requests_.end(),
                      [&](const WireRequest& request) { return glob_match(pattern, request.line()); }));
  }
  // How many connections were made, and how many of them are open.
  int connections() const {
    const std::lock_guard lock(mutex_);
    return made_;
  }
  int open_connections() const {
    const std::lock_guard lock(mutex_);
    return open_;
  }

  // Goes away with all its connections, and comes back at the same place (over TCP at another port).
  void stop() {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
    }
    wake();
    thread_.join();
    listener_ = Fd();
    unlink(socket_path().c_str());
  }
  void start() {
    is_stopping_ = false;
    listener_ = transport_ == Transport::UnixSocket ? listen_on_socket() : listen_on_port();
    thread_ = std::thread([this] { serve(); });
  }

 private:
  struct Rule {
    std::string pattern;
    Answerer answerer;
  };
  struct Connection {
    Fd fd;
    int number = 0;
    std::string in, out;
    size_t sent = 0;                 // of out
    std::deque<Script::Step> steps;  // of the request that is being answered
    bool is_over = false;
  };

  static void must(bool is_well) {
    if (!is_well) std::abort();
  }
  void wake() const {
    const uint64_t one = 1;
    must(write(wake_.get(), &one, sizeof one) == sizeof one);
  }

  Fd listen_on_socket() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = socket_path();
    must(path.size() < sizeof address.sun_path);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    must(bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    must(listen(fd.get(), 4096) == 0);
    return fd;
  }
  Fd listen_on_port() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    must(bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    must(listen(fd.get(), 4096) == 0);
    socklen_t size = sizeof address;
    must(getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    return fd;
  }

  void serve() {
    std::list<Connection> connections;
    while (true) {
      std::vector<pollfd> fds = {{wake_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
      for (const Connection& each : connections) {
        fds.push_back({each.fd.get(), static_cast<short>(each.out.empty() ? POLLIN : POLLIN | POLLOUT), 0});
      }
      poll(fds.data(), fds.size(), -1);
      uint64_t ignored = 0;
      must(read(wake_.get(), &ignored, sizeof ignored) > 0 || errno == EAGAIN);
      size_t at = 2;
      for (Connection& each : connections) {
        if ((fds[at++].revents & ~POLLOUT) != 0) receive(each);
        advance(each);
      }
      connections.remove_if([](const Connection& each) { return each.is_over; });
      if (fds[1].revents != 0) accept_all(connections);
      const std::lock_guard lock(mutex_);
      open_ = static_cast<int>(connections.size());
      if (is_stopping_) break;
    }
    connections.clear();
    const std::lock_guard lock(mutex_);
    open_ = 0;
  }

  void accept_all(std::list<Connection>& connections) {
    while (true) {
      Fd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!fd) return;
      const std::lock_guard lock(mutex_);
      connections.emplace_back();
      connections.back().fd = std::move(fd);
      connections.back().number = ++made_;
    }
  }

  static void receive(Connection& connection) {
    std::array<char, 65536> bytes;
    while (true) {
      const ssize_t got = recv(connection.fd.get(), bytes.data(), bytes.size(), 0);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (got <= 0) {
        connection.is_over = true;
        return;
      }
      connection.in.append(bytes.data(), static_cast<size_t>(got));
    }
  }

  // Does what can be done without waiting.
  void advance(Connection& connection) {
    while (!connection.is_over) {
      if (!send_some(connection)) return;
      if (connection.steps.empty()) {
        const auto request = next_request(connection);
        if (!request) return;
        const Script script = script_for(*request);
        connection.steps.assign(script.steps().begin(), script.steps().end());
        continue;
      }
      Script::Step& step = connection.steps.front();
      if (step.kind == Script::Kind::Stall && !is_open(step.text)) return;
      if (step.kind == Script::Kind::Send) connection.out = std::move(step.text);
      if (step.kind == Script::Kind::Reset) {
        const linger at_once{1, 0};
        setsockopt(connection.fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      }
      connection.is_over = step.kind == Script::Kind::Close || step.kind == Script::Kind::Reset;
      connection.steps.pop_front();
    }
  }

  // True when all is out.
  static bool send_some(Connection& connection) {
    while (connection.sent < connection.out.size()) {
      const ssize_t put = send(connection.fd.get(), connection.out.data() + connection.sent,
                               connection.out.size() - connection.sent, MSG_NOSIGNAL);
      if (put < 0 && errno == EAGAIN) return false;
      connection.is_over = put < 0;
      if (connection.is_over) return false;
      connection.sent += static_cast<size_t>(put);
    }
    connection.out.clear();
    connection.sent = 0;
    return true;
  }

  static std::optional<WireRequest> next_request(Connection& connection) {
    const size_t end = connection.in.find("\r\n\r\n");
    if (end == std::string::npos) return std::nullopt;
    WireRequest request;
    const std::vector<std::string> lines = split(connection.in.substr(0, end), '\n');
    const std::vector<std::string> words = split(trim(lines.front()), ' ');
    must(words.size() == 3);
    request.method = words[0];
    request.path = words[1];
    for (size_t i = 1; i < lines.size(); ++i) {
      const size_t colon = lines[i].find(':');
      must(colon != std::string::npos);
      request.headers[lower(lines[i].substr(0, colon))] = trim(lines[i].substr(colon + 1));
    }
    const auto length = request.headers.find("content-length");
    const size_t size = length == request.headers.end() ? 0 : std::stoul(length->second);
    if (connection.in.size() < end + 4 + size) return std::nullopt;
    request.body = connection.in.substr(end + 4, size);
    request.connection = connection.number;
    connection.in.erase(0, end + 4 + size);
    return request;
  }

  Script script_for(const WireRequest& request) {
    Answerer answerer;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
      const auto fits = [&](const Rule& rule) { return glob_match(rule.pattern, request.line()); };
      const auto single = std::find_if(single_rules_.begin(), single_rules_.end(), fits);
      const auto rule = std::find_if(rules_.begin(), rules_.end(), fits);
      if (single != single_rules_.end()) {
        answerer = std::move(single->answerer);
        single_rules_.erase(single);
      } else if (rule != rules_.end()) {
        answerer = rule->answerer;
      }
    }
    if (answerer) return answerer(request);
    return Script().answer(404, R"({"message":"nobody scripted )" + request.line() + R"("})");
  }
  bool is_open(const std::string& gate) const {
    const std::lock_guard lock(mutex_);
    return open_gates_.contains(gate);
  }

  Transport transport_;
  TemporaryDirectory directory_;
  Fd wake_, listener_;
  uint16_t port_ = 0;
  std::thread thread_;

  mutable std::mutex mutex_;  // for everything below
  std::deque<Rule> rules_;
  std::deque<Rule> single_rules_;
  std::set<std::string> open_gates_;
  std::vector<WireRequest> requests_;
  int made_ = 0;
  int open_ = 0;
  bool is_stopping_ = false;
};

}  // namespace studyctl
