#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "http/guard.h"
#include "http/service_view.h"
#include "http/verb_api.h"
#include "study/applied_study.h"

// Whatever the bytes on a connection, the server answers them as HTTP or ends the connection: never with a
// 500, never with an error that is no problem document, and it is there for the next one.

using namespace studyctl;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

// Takes everything, and does nothing.
struct IdleDesk : Desk {
  Result<Applied> apply(ApplyRequest request) override {
    return Applied{Applied::Kind::Created, request.study->study().name, "1", "created"};
  }
  Result<Applied> again(const std::string& /*run*/, AgainRequest /*request*/) override {
    return Applied{Applied::Kind::Created, "nmr", "1", "created"};
  }
  Result<void> remove(const std::string& /*run*/) override { return {}; }
  Gateway::Answer tell(const std::string& /*run*/, const Command& /*command*/) override {
    return std::string("told");
  }
};

// A service with one run that has ended, on a Unix socket.
class Target {
 public:
  Target() : study_(directory_.path()) {
    study_.succeed(attempt_of(0));
    ServerLimits limits;
    limits.body = 1 << 20;
    limits.request = Duration(200);
    auto server = Server::listen({directory_.path() / "socket", "", 0}, limits,
                                 [change = changing_routes(directory_.path(), desk_),
                                  view = service_view(
                                      directory_.path(), [] { return std::vector<std::filesystem::path>(); },
                                      nullptr)](const ApiRequest& request) -> ApiResponse {
                                   if (auto refusal = refuse(request, {{}, "127.0.0.1", 8080}))
                                     return *std::move(refusal);
                                   if (auto changed = change(request)) return *std::move(changed);
                                   return view(request);
                                 },
                                 {[](ApiRequest& request) {
                                   request.caller = {"ann", Caller::Role::Operator};
                                   return std::optional<ApiResponse>();
                                 }});
    require(static_cast<bool>(server));
    server_ = *std::move(server);
  }

  std::string answer_to(std::string_view bytes) const {
    const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = (directory_.path() / "socket").string();
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    require(connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    while (!bytes.empty()) {
      const ssize_t sent = send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) break;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    shutdown(socket.get(), SHUT_WR);
    std::string answer;
    char buffer[65536];
    for (ssize_t got = 0; (got = recv(socket.get(), buffer, sizeof buffer, 0)) > 0;)
      answer.append(buffer, static_cast<size_t>(got));
    return answer;
  }

 private:
  TemporaryDirectory directory_;
  AppliedStudy study_;
  IdleDesk desk_;
  std::unique_ptr<Server> server_;
};

// Of the first answer alone: what follows may be another one.
void check(const std::string& answer) {
  if (answer.empty()) return;
  require(answer.starts_with("HTTP/1.1 "));
  const std::string status = answer.substr(9, 3);
  require(status.find_first_not_of("0123456789") == std::string::npos && status != "500");
  const size_t body = answer.find("\r\n\r\n");
  require(body != std::string::npos);
  const std::string head = answer.substr(0, body + 2);
  if (status < "400" || head.find("application/problem+json") == std::string::npos)
    return require(status < "400" || head.find("Content-Length: 0\r\n") != std::string::npos);
  const size_t length = head.find("Content-Length: ");
  require(length != std::string::npos);
  const std::string text = answer.substr(body + 4, std::stoul(head.substr(length + 16)));
  if (text.empty()) return;  // to a HEAD
  require(nlohmann::json::parse(text, nullptr, false).is_object());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Target target;
  check(target.answer_to({reinterpret_cast<const char*>(data), size}));
  return 0;
}
