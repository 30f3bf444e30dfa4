#include "cli/control_client.h"

#include <pwd.h>
#include <unistd.h>

#include "http/routes.h"
#include "io/event_loop.h"
#include "io/http_client.h"

namespace studyctl {

std::filesystem::path control_socket(const ResultsVolume& volume) {
  return volume.private_directory() / "control.sock";
}

std::string who_am_i() {
  const passwd* user = getpwuid(getuid());
  return (user ? std::string(user->pw_name) + " " : std::string()) + "(uid " + std::to_string(getuid()) +
         ") pid " + std::to_string(getpid());
}

namespace {

Result<std::string> post(const ResultsVolume& volume, const char* path, std::string body) {
  SystemClock clock;
  EventLoop loop(clock);
  HttpAddress address;
  address.unix_socket = control_socket(volume).string();
  address.base_url = "http://localhost";
  HttpClient client(loop, address);

  HttpRequest request;
  request.method = "POST";
  request.path = path;
  request.body = std::move(body);
  request.headers = {{"Content-Type", "application/json"}};
  request.timeout = std::chrono::seconds(60);
  std::optional<Result<HttpResponse>> answer;
  client.call(std::move(request), [&](Result<HttpResponse> response) { answer = std::move(response); });
  while (!answer) loop.run_once(std::chrono::seconds(1));
  if (!*answer) return std::move(*answer).error();
  return answer_from((*answer)->status, (*answer)->body);
}

}  // namespace

Result<std::string> tell_controller(const ResultsVolume& volume, const Command& command) {
  return post(volume, "/v1/run/command", command_json(command));
}

Result<std::string> tell_controller_to_apply(const ResultsVolume& volume, const std::string& staged) {
  return post(volume, "/v1/run/apply", apply_json(staged, who_am_i()));
}

}  // namespace studyctl
