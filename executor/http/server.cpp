#include "http/server.h"

#include <httplib.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <thread>

namespace studyctl {
namespace {

constexpr size_t kMostBytes = 1 << 20;
constexpr int kThreads = 4;
constexpr time_t kSeconds = 10;

httplib::Server::HandlerResponse refuse(httplib::Response& response, int status, const char* why) {
  response.status = status;
  response.set_header("Connection", "close");
  response.set_content(std::string(R"({"error":")") + why + "\"}", "application/json");
  return httplib::Server::HandlerResponse::Handled;
}

class UnixServer final : public Server {
 public:
  explicit UnixServer(Answer answer) : answer_(std::move(answer)) {}

  ~UnixServer() override {
    server_.stop();
    if (thread_.joinable()) thread_.join();
    std::error_code ignored;
    std::filesystem::remove(socket_, ignored);
  }

  Result<void> start(const std::filesystem::path& socket) {
    socket_ = socket;
    std::error_code ignored;
    std::filesystem::remove(socket, ignored);
    set_up();
    const mode_t before = umask(0177);
    const bool bound = server_.bind_to_port(socket.string(), 80);
    umask(before);
    if (!bound) return Error{ErrorCode::Unavailable, socket.string() + ": cannot listen on this socket"};
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
    return {};
  }

 private:
  void set_up() {
    server_.set_address_family(AF_UNIX);
    server_.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    server_.set_payload_max_length(kMostBytes);
    server_.set_read_timeout(kSeconds);
    server_.set_write_timeout(kSeconds);
    server_.set_keep_alive_max_count(1);
    server_.set_exception_handler(
        [](const httplib::Request&, httplib::Response& response, const std::exception_ptr&) {
          refuse(response, 500, "the request could not be handled");
        });
    server_.set_pre_routing_handler([](const httplib::Request& request, httplib::Response& response) {
      if (request.has_header("Transfer-Encoding")) return refuse(response, 411, "send a Content-Length");
      if (request.has_header("Content-Encoding")) return refuse(response, 415, "send it unpacked");
      return httplib::Server::HandlerResponse::Unhandled;
    });
    const auto answer = [this](const httplib::Request& request, httplib::Response& response) {
      const ApiResponse made = answer_({request.method, request.path, request.body});
      response.status = made.status;
      response.set_content(made.body, "application/json");
    };
    server_.Get(".*", answer);
    server_.Post(".*", answer);
  }

  Answer answer_;
  std::filesystem::path socket_;
  httplib::Server server_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::listen(const std::filesystem::path& socket, Answer answer) {
  if (socket.string().size() >= sizeof(sockaddr_un::sun_path))
    return Error{ErrorCode::Unavailable,
                 socket.string() + ": a socket's path may have 107 characters, this one has " +
                     std::to_string(socket.string().size()) + "; use a shorter --results"};
  auto server = std::make_unique<UnixServer>(std::move(answer));
  if (auto started = server->start(socket); !started) return std::move(started).error();
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace studyctl
