#include "http/server.h"

#include <httplib.h>
#include <netdb.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "base/text.h"
#include "http/followers.h"
#include "http/guard.h"

namespace studyctl {
namespace {

constexpr size_t kRefusingThreads = 8;  // beyond those that answer
constexpr size_t kMostWaiting = 1024;   // for a thread, with their sockets alone; more are cut off
constexpr size_t kMostDrained = 256 << 10;
constexpr Duration kDrainFor{500};
constexpr Duration kLastAnswers{1000};
constexpr Duration kLastQuestions{1500};  // of who was told of the end, one after the other

constexpr const char* kBusy =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: 1\r\n"
    "Connection: close\r\nContent-Length: 84\r\n\r\n"
    R"({"type":"about:blank","title":"Service Unavailable","detail":"too many connections"})";

// A connection. Where the library bounds every read by itself, this bounds a whole request: one that drips in
// would hold a thread for hours.
class Connection final : public httplib::Stream {
 public:
  Connection(int fd, Wire& wire, const ServerLimits& limits) : fd_(fd), wire_(wire), limits_(limits) {}

  // True when there is something of a next request.
  bool begin_request() {
    if (!has_bytes() && !wait_for(fd_, POLLIN, SystemClock().steady() + limits_.idle)) return false;
    deadline_ = SystemClock().steady() + limits_.request;
    has_answered_ = false;
    return true;
  }
  // What is left of a request that was refused must not be taken for another one; the library goes on with
  // it.
  bool was_refused() const { return was_refused_; }
  // What the other side still sends is read, so that it is not cut off from the answer.
  void drain() {
    wire_.end();
    const Steady deadline = SystemClock().steady() + kDrainFor;
    for (size_t taken = 0; taken < kMostDrained && wait_for(fd_, POLLIN, deadline);) {
      const ssize_t got = recv(fd_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
      if (got <= 0) return;
      taken += static_cast<size_t>(got);
    }
  }

  bool is_readable() const override { return has_bytes(); }
  bool wait_readable() const override { return has_bytes() || wait_for(fd_, POLLIN, deadline_); }
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
      const ssize_t got = wire_.read(buffer_.data(), buffer_.size(), deadline_);
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
    return wire_.write(from, size, SystemClock().steady() + limits_.write);
  }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return fd_; }
  time_t duration() const override { return 0; }

 private:
  bool has_bytes() const { return begin_ < end_ || wire_.has_more(); }

  int fd_;
  Wire& wire_;
  const ServerLimits& limits_;
  Steady deadline_{};
  std::array<char, 16 << 10> buffer_{};
  size_t begin_ = 0, end_ = 0;
  bool has_answered_ = false, was_refused_ = false;
};

// A thread for each connection, kept for the next one. The library's own pool begins none while one is idle,
// also when that one has been given a connection already: the next would wait until another client hangs up.
class ConnectionThreads final : public httplib::TaskQueue {
 public:
  explicit ConnectionThreads(size_t most) : most_(most) {}

  bool enqueue(std::function<void()> connection) override {
    const std::lock_guard lock(mutex_);
    if (is_over_ || waiting_.size() >= kMostWaiting) return false;
    waiting_.push_back(std::move(connection));
    if (waiting_.size() > idle_ && threads_.size() < most_) threads_.emplace_back([this] { work(); });
    wake_.notify_one();
    return true;
  }

  void shutdown() override {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      ++idle_;
      wake_.wait(lock, [this] { return is_over_ || !waiting_.empty(); });
      --idle_;
      if (waiting_.empty()) return;
      const std::function<void()> connection = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      connection();
      lock.lock();
    }
  }

  const size_t most_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> waiting_;
  std::vector<std::thread> threads_;
  size_t idle_ = 0;  // threads
  bool is_over_ = false;
};

// What goes on behind the head that this thread has just sent.
thread_local Followers::More follows;
// Of the connection that this thread answers.
thread_local std::optional<Peer> peer;

// Of an answer that goes on the head alone: the library gives up behind it, and Followers go on.
void fill(httplib::Response& to, const ApiResponse& from) {
  to.status = from.status;
  for (const auto& [name, value] : from.headers) to.set_header(name, value);
  if (!from.more) return to.set_content(from.body, from.type);
  to.set_chunked_content_provider(from.type, [](size_t, httplib::DataSink&) { return false; });
}

ApiRequest request_of(const httplib::Request& from) {
  ApiRequest request;
  request.method = from.method;
  request.path = from.path;
  for (const auto& [name, value] : from.params) request.query[name] = value;
  for (const auto& [name, value] : from.headers) request.headers[lower(name)] = value;
  request.body = from.body;
  request.peer = peer;
  return request;
}

// The parser and router of the library on connections of ours. Its own are made here as its TLS server makes
// them.
class HttpServer final : public Server, private httplib::Server {
 public:
  HttpServer(const ListenAddress& address, const ServerLimits& limits, Answer answer, ServerHooks hooks)
      : address_(address),
        limits_(limits),
        answer_(std::move(answer)),
        admit_(std::move(hooks.admit)),
        tls_(hooks.tls),
        followers_(limits.write * 10) {
    new_task_queue = [this] { return new ConnectionThreads(limits_.connections + kRefusingThreads); };
    set_payload_max_length(limits_.body);
    set_tcp_nodelay(true);
    // By default another program could take the same port and half of the requests.
    set_socket_options([](socket_t fd) {
      const int on = 1;
      setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    });
    set_up();
    if (hooks.answered)
      set_logger([answered = std::move(hooks.answered)](const httplib::Request& request,
                                                        const httplib::Response& response) {
        answered(request.path, response.status);
      });
  }

  ~HttpServer() override {
    stop();
    {
      std::unique_lock lock(mutex_);
      is_stopping_ = true;
      for (const int fd : connections_) shutdown(fd, SHUT_RD);
      // An answer that is on its way arrives: `apply` is told that its change is taken up by a service that
      // ends.
      ended_.wait_for(lock, kLastAnswers, [this] { return connections_.empty(); });
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
    if (followers_.count() == 0) return;
    const SystemClock clock;
    const Steady last = clock.steady() + patience;
    followers_.wait_for_all(patience);
    const Steady told = clock.steady();
    while (true) {
      const Steady until = std::min(last, std::max(told, asked_at_.load()) + kLastQuestions);
      const Duration left = until - clock.steady();
      if (left <= Duration{0}) return;
      std::this_thread::sleep_for(left);
    }
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
                                             "such address here; name another"};
  }

  void set_up() {
    set_exception_handler(
        [](const httplib::Request&, httplib::Response& response, const std::exception_ptr&) {
          fill(response, problem(500, "the request could not be handled"));
        });
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      asked_at_ = SystemClock().steady();
      ApiRequest asked = request_of(request);
      auto refusal = refuse(asked, address_);
      if (!refusal && admit_) refusal = admit_(asked);
      if (!refusal) return HandlerResponse::Unhandled;
      fill(response, *refusal);
      response.set_header("Connection", "close");
      return HandlerResponse::Handled;
    });
    // What the library refuses by itself, and what has no handler here.
    set_error_handler([this](const httplib::Request&, httplib::Response& response) {
      const std::string detail =
          response.status == 413 ? "the body is larger than " + std::to_string(limits_.body) + " bytes" : "";
      if (response.body.empty()) fill(response, problem(response.status, detail));
      return HandlerResponse::Handled;
    });
    const auto answer = [this](const httplib::Request& request, httplib::Response& response) {
      ApiRequest asked = request_of(request);
      auto refusal = admit_ ? admit_(asked) : std::nullopt;
      ApiResponse made = refusal ? *std::move(refusal) : answer_(asked);
      if (made.more && followers_.count() >= limits_.followers) made = problem(503, "too many followers");
      fill(response, made);
      if (made.more && request.method != "HEAD") follows = std::move(made.more);
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
      if (at_once > 0 && !tls_)
        (void)send(fd, kBusy, std::char_traits<char>::length(kBusy), MSG_NOSIGNAL | MSG_DONTWAIT);
      leave(fd);
      return false;
    }
    const Steady deadline = SystemClock().steady() + limits_.request;
    std::unique_ptr<Wire> wire = tls_ ? tls_->accept(fd, deadline) : plain_wire(fd);
    if (!wire) {
      leave(fd);
      return false;
    }
    Connection connection(fd, *wire, limits_);
    follows = nullptr;
    peer = wire->peer();
    for (size_t served = 1; connection.begin_request(); ++served) {
      bool closed = false;
      const bool is_whole =
          process_request(connection, "", 0, "", 0, served == limits_.requests, closed, nullptr);
      if (follows) {
        forget(fd);
        followers_.take(Fd(fd), std::move(wire), std::exchange(follows, nullptr));
        return true;
      }
      if (!is_whole) break;
      if (closed || connection.was_refused() || served == limits_.requests) break;
    }
    connection.drain();
    leave(fd);
    return true;
  }

  // How many there are with this one; 0 when no more are wanted.
  size_t enter(int fd) {
    const std::lock_guard lock(mutex_);
    connections_.insert(fd);
    return is_stopping_ ? 0 : connections_.size();
  }
  void leave(int fd) {
    forget(fd);
    close(fd);
  }
  void forget(int fd) {
    const std::lock_guard lock(mutex_);
    connections_.erase(fd);
    ended_.notify_all();
  }

  const ListenAddress address_;
  const ServerLimits limits_;
  const Answer answer_;
  const std::function<std::optional<ApiResponse>(ApiRequest&)> admit_;
  Tls* const tls_;
  std::mutex mutex_;
  std::set<int> connections_;
  std::condition_variable ended_;  // a connection
  bool is_stopping_ = false;
  std::atomic<Steady> asked_at_{};  // the newest request
  Followers followers_;
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

Result<std::unique_ptr<Server>> Server::listen(const ListenAddress& address, const ServerLimits& limits,
                                               Answer answer, ServerHooks hooks) {
  if (address.socket.string().size() >= sizeof(sockaddr_un::sun_path))
    return Error{ErrorCode::Unavailable,
                 address.socket.string() + ": a socket's path may have 107 characters, this one has " +
                     std::to_string(address.socket.string().size()) + "; use a shorter --results"};
  auto server = std::make_unique<HttpServer>(address, limits, std::move(answer), std::move(hooks));
  if (auto started = server->start(); !started) return std::move(started).error();
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace studyctl
