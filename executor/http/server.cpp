#include "http/server.h"

#include <httplib.h>
#include <netdb.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "base/text.h"
#include "http/guard.h"

namespace studyctl {
namespace {

constexpr size_t kReadyThreads = 4;
constexpr size_t kRefusingThreads = 8;  // beyond those that answer
constexpr size_t kMostWaiting = 64;     // for a thread to refuse them
constexpr size_t kMostDrained = 256 << 10;
constexpr Duration kDrainFor{500};
constexpr Duration kLookForEnds{20};
constexpr Duration kLastAnswers{1000};

constexpr const char* kBusy =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: 1\r\n"
    "Connection: close\r\nContent-Length: 84\r\n\r\n"
    R"({"type":"about:blank","title":"Service Unavailable","detail":"too many connections"})";

int milliseconds_until(Steady deadline) {
  const auto left = std::chrono::duration_cast<Duration>(deadline - SystemClock().steady()).count();
  return static_cast<int>(std::clamp<Duration::rep>(left, 0, 1 << 30));
}

bool wait_for(int fd, short events, Steady deadline) {
  while (true) {
    pollfd asked{fd, events, 0};
    const int ready = poll(&asked, 1, milliseconds_until(deadline));
    if (ready > 0) return (asked.revents & POLLNVAL) == 0;
    if (ready == 0 || errno != EINTR) return false;
  }
}

// A connection. Where the library bounds every read by itself, this bounds a whole request: one that drips in
// would hold a thread for hours.
class Connection final : public httplib::Stream {
 public:
  Connection(int fd, const ServerLimits& limits) : fd_(fd), limits_(limits) {}

  // True when there is something of a next request.
  bool begin_request() {
    if (begin_ == end_ && !wait_for(fd_, POLLIN, SystemClock().steady() + limits_.idle)) return false;
    deadline_ = SystemClock().steady() + limits_.request;
    has_answered_ = false;
    return true;
  }
  // What is left of a request that was refused must not be taken for another one; the library goes on with
  // it.
  bool was_refused() const { return was_refused_; }
  // What the other side still sends is read, so that it is not cut off from the answer.
  void drain() {
    shutdown(fd_, SHUT_WR);
    const Steady deadline = SystemClock().steady() + kDrainFor;
    for (size_t taken = 0; taken < kMostDrained && wait_for(fd_, POLLIN, deadline);) {
      const ssize_t got = recv(fd_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
      if (got <= 0) return;
      taken += static_cast<size_t>(got);
    }
  }

  bool is_readable() const override { return begin_ < end_; }
  bool wait_readable() const override { return begin_ < end_ || wait_for(fd_, POLLIN, deadline_); }
  bool wait_writable() const override {
    return wait_for(fd_, POLLOUT, SystemClock().steady() + limits_.write);
  }
  bool is_peer_alive() const override {
    char byte = 0;
    const ssize_t got = recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
  }
  ssize_t read(char* to, size_t size) override {
    if (was_refused_) return -1;  // the library would wait for all of its body: see drain()
    if (begin_ == end_) {
      if (!wait_for(fd_, POLLIN, deadline_)) return -1;
      const ssize_t got = recv(fd_, buffer_.data(), buffer_.size(), 0);
      if (got <= 0) return got;
      begin_ = 0;
      end_ = static_cast<size_t>(got);
    }
    const size_t taken = std::min(size, end_ - begin_);
    std::copy_n(buffer_.data() + begin_, taken, to);
    begin_ += taken;
    return static_cast<ssize_t>(taken);
  }
  ssize_t write(const char* from, size_t size) override {
    constexpr size_t kStatus = sizeof "HTTP/1.1 " - 1;
    if (!std::exchange(has_answered_, true)) was_refused_ = size <= kStatus || from[kStatus] >= '4';
    if (!wait_writable()) return -1;
    return send(fd_, from, size, MSG_NOSIGNAL);
  }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return fd_; }
  time_t duration() const override { return 0; }

 private:
  int fd_;
  const ServerLimits& limits_;
  Steady deadline_{};
  std::array<char, 16 << 10> buffer_{};
  size_t begin_ = 0, end_ = 0;
  bool has_answered_ = false, was_refused_ = false;
};

// An answer that goes on counts in `going_on` until its end.
void fill(httplib::Response& to, const ApiResponse& from, std::atomic<int>* going_on = nullptr) {
  to.status = from.status;
  for (const auto& [name, value] : from.headers) to.set_header(name, value);
  if (!from.more) return to.set_content(from.body, from.type);
  if (going_on) ++*going_on;
  to.set_chunked_content_provider(
      from.type,
      [more = from.more](size_t, httplib::DataSink& sink) {
        const std::optional<std::string> part = more();
        if (!part) return sink.done(), true;
        return part->empty() ? sink.is_writable() : sink.write(part->data(), part->size());
      },
      [going_on](bool) {
        if (going_on) --*going_on;
      });
}

ApiRequest request_of(const httplib::Request& from) {
  ApiRequest request;
  request.method = from.method;
  request.path = from.path;
  for (const auto& [name, value] : from.params) request.query[name] = value;
  for (const auto& [name, value] : from.headers) request.headers[lower(name)] = value;
  request.body = from.body;
  return request;
}

// The parser and router of the library on connections of ours. Its own are made here as its TLS server makes
// them.
class HttpServer final : public Server, private httplib::Server {
 public:
  HttpServer(const ListenAddress& address, const ServerLimits& limits, Answer answer)
      : address_(address), limits_(limits), answer_(std::move(answer)) {
    new_task_queue = [this] {
      return new httplib::ThreadPool(kReadyThreads, limits_.connections + kRefusingThreads, kMostWaiting);
    };
    set_payload_max_length(limits_.body);
    set_tcp_nodelay(true);
    // By default another program could take the same port and half of the requests.
    set_socket_options([](socket_t fd) {
      const int on = 1;
      setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    });
    set_up();
  }

  ~HttpServer() override {
    stop();
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
      for (const int fd : connections_) shutdown(fd, SHUT_RD);
    }
    // An answer that is on its way arrives: `apply` is told that its change is taken up by a service that
    // ends.
    const Steady deadline = SystemClock().steady() + kLastAnswers;
    while (has_connections() && SystemClock().steady() < deadline) std::this_thread::sleep_for(kLookForEnds);
    {
      const std::lock_guard lock(mutex_);
      for (const int fd : connections_) shutdown(fd, SHUT_RDWR);
    }
    if (thread_.joinable()) thread_.join();
    std::error_code ignored;
    if (!address_.socket.empty()) std::filesystem::remove(address_.socket, ignored);
  }

  Result<void> start() {
    if (auto bound = bind(); !bound) return bound;
    thread_ = std::thread([this] { listen_after_bind(); });
    while (!is_running()) std::this_thread::yield();
    return {};
  }

  int port() const override { return port_; }

  void finish(Duration patience) override {
    const Steady deadline = SystemClock().steady() + patience;
    while (going_on_ > 0 && SystemClock().steady() < deadline) std::this_thread::sleep_for(kLookForEnds);
  }

 private:
  Result<void> bind() {
    if (!address_.socket.empty()) {
      std::error_code ignored;
      std::filesystem::remove(address_.socket, ignored);
      set_address_family(AF_UNIX);
      const mode_t before = umask(0177);
      const bool bound = bind_to_port(address_.socket.string(), 80);
      umask(before);
      if (bound) return {};
      return Error{ErrorCode::Unavailable, address_.socket.string() + ": cannot listen on this socket"};
    }
    port_ = address_.port == 0                           ? bind_to_any_port(address_.host)
            : bind_to_port(address_.host, address_.port) ? address_.port
                                                         : -1;
    if (port_ > 0) return {};
    return Error{ErrorCode::Unavailable, authority_of(address_) +
                                             ": cannot be listened at: another program does, or there is no "
                                             "such address here"};
  }

  void set_up() {
    set_exception_handler(
        [](const httplib::Request&, httplib::Response& response, const std::exception_ptr&) {
          fill(response, problem(500, "the request could not be handled"));
        });
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      const auto refusal = refuse(request_of(request), address_.socket.empty() ? address_.host : "");
      if (!refusal) return HandlerResponse::Unhandled;
      fill(response, *refusal);
      response.set_header("Connection", "close");
      return HandlerResponse::Handled;
    });
    // What the library refuses by itself, and what has no handler here.
    set_error_handler([](const httplib::Request&, httplib::Response& response) {
      if (response.body.empty()) fill(response, problem(response.status, ""));
      return HandlerResponse::Handled;
    });
    const auto answer = [this](const httplib::Request& request, httplib::Response& response) {
      fill(response, answer_(request_of(request)), &going_on_);
    };
    Get(".*", answer);
    Post(".*", answer);
    Put(".*", answer);
    Patch(".*", answer);
    Delete(".*", answer);
    Options(".*", answer);
  }

  bool process_and_close_socket(socket_t fd) override {
    if (const size_t at_once = enter(fd); at_once == 0 || at_once > limits_.connections) {
      if (at_once > 0)
        (void)send(fd, kBusy, std::char_traits<char>::length(kBusy), MSG_NOSIGNAL | MSG_DONTWAIT);
      leave(fd);
      return false;
    }
    Connection connection(fd, limits_);
    for (size_t served = 1; connection.begin_request(); ++served) {
      bool closed = false;
      if (!process_request(connection, "", 0, "", 0, served == limits_.requests, closed, nullptr)) break;
      if (closed || connection.was_refused() || served == limits_.requests) break;
    }
    connection.drain();
    leave(fd);
    return true;
  }

  bool has_connections() {
    const std::lock_guard lock(mutex_);
    return !connections_.empty();
  }

  // How many there are with this one; 0 when no more are wanted.
  size_t enter(int fd) {
    const std::lock_guard lock(mutex_);
    connections_.insert(fd);
    return is_stopping_ ? 0 : connections_.size();
  }
  void leave(int fd) {
    const std::lock_guard lock(mutex_);
    connections_.erase(fd);
    close(fd);
  }

  const ListenAddress address_;
  const ServerLimits limits_;
  const Answer answer_;
  std::mutex mutex_;
  std::set<int> connections_;
  std::atomic<int> going_on_{0};
  bool is_stopping_ = false;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace

ApiResponse problem(int status, const std::string& detail) {
  const nlohmann::ordered_json json = {{"type", "about:blank"},
                                       {"title", httplib::status_message(status)},
                                       {"status", status},
                                       {"detail", to_utf8(detail)}};
  return {status, json.dump(), "application/problem+json"};
}

Result<ListenAddress> parse_listen_address(const std::string& text) {
  const size_t colon = text.rfind(':');
  const std::string digits = colon == std::string::npos ? "" : text.substr(colon + 1);
  const bool is_number =
      !digits.empty() && digits.size() <= 5 && digits.find_first_not_of("0123456789") == std::string::npos;
  const int port = is_number ? std::stoi(digits) : -1;
  std::string host = text.substr(0, colon == std::string::npos ? 0 : colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty() || host == "localhost") host = "127.0.0.1";
  in6_addr ignored{};
  const bool is_address =
      inet_pton(AF_INET, host.c_str(), &ignored) == 1 || inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
  if (port >= 0 && port <= 65535 && is_address) return ListenAddress{{}, host, port};
  return Error{
      ErrorCode::Invalid,
      "'" + printable(text) + "' is no address to listen at; write it as 127.0.0.1:8080 or [::1]:8080"};
}

std::string authority_of(const ListenAddress& address) {
  const bool is_v6 = address.host.find(':') != std::string::npos;
  return (is_v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

bool is_loopback(const ListenAddress& address) {
  return !address.socket.empty() || address.host.starts_with("127.") || address.host == "::1";
}

Result<std::unique_ptr<Server>> Server::listen(const ListenAddress& address, const ServerLimits& limits,
                                               Answer answer) {
  if (address.socket.string().size() >= sizeof(sockaddr_un::sun_path))
    return Error{ErrorCode::Unavailable,
                 address.socket.string() + ": a socket's path may have 107 characters, this one has " +
                     std::to_string(address.socket.string().size()) + "; use a shorter --results"};
  auto server = std::make_unique<HttpServer>(address, limits, std::move(answer));
  if (auto started = server->start(); !started) return std::move(started).error();
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace studyctl
