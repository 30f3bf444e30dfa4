#include "service/control_client.h"

#include <pwd.h>
#include <unistd.h>

#include "http/apply_api.h"
#include "http/command_api.h"
#include "http/routes.h"

namespace studyctl {

std::filesystem::path control_socket(const ResultsVolume& volume) {
  return volume.private_directory() / "control.sock";
}

std::string who_am_i() {
  if (const auto behalf = on_behalf()) return behalf->name;
  const passwd* user = getpwuid(getuid());
  return (user ? std::string(user->pw_name) + " " : std::string()) + "(uid " + std::to_string(getuid()) +
         ") pid " + std::to_string(getpid());
}

namespace {

constexpr Duration kPatience = std::chrono::minutes(10);  // an image may have to be pulled

HttpRequest request_to(const char* method, std::string path, std::string body, const char* type) {
  HttpRequest request;
  request.method = method;
  request.path = std::move(path);
  request.body = std::move(body);
  request.headers = {{"Content-Type", type}};
  request.timeout = std::chrono::seconds(60);
  return request;
}

Result<std::string> post(const ResultsVolume& volume, const std::string& path, std::string body) {
  auto answer = ask(link_to(volume), request_to("POST", path, std::move(body), "application/json"));
  if (!answer) return std::move(answer).error();
  return answer_from(answer->status, answer->body);
}

std::string query_of(const SendOptions& options) {
  std::string query;
  const auto add = [&](bool is_set, const char* text) {
    if (is_set) query += (query.empty() ? "?" : "&") + std::string(text);
  };
  add(options.fresh, "fresh=true");
  add(options.is_large_meant, "yes=true");
  add(options.reuses_any, "reuse=any");
  add(options.accept_image_change, "acceptImageChange=true");
  add(options.no_pilot_pause, "noPilotPause=true");
  return query;
}

}  // namespace

ServiceLink link_to(const ResultsVolume& volume) {
  ServiceLink link;
  link.address.unix_socket = control_socket(volume).string();
  link.address.base_url = "http://localhost";
  link.headers = {{kWhoHeader, who_am_i()}};
  return link;
}

Result<void> send_input(const ServiceLink& link, const std::string& sha256, const std::string& content) {
  const auto sent =
      ask(link, request_to("PUT", "/api/v1/inputs/" + sha256, content, "application/octet-stream"));
  if (!sent) return sent.error();
  return sent->status == 201 ? Result<void>() : applied_from(sent->status, sent->body).error();
}

Result<Applied> send_to_service(const ServiceLink& link, const LoadedStudy& study,
                                const SendOptions& options) {
  for (const auto& [sha256, content] : study.contents) {
    if (auto sent = send_input(link, sha256, content); !sent) return std::move(sent).error();
  }
  HttpRequest request =
      request_to("POST", "/api/v1/studies" + query_of(options), send_study(study, options.flags), kSentStudy);
  request.timeout = kPatience;
  auto answer = ask(link, std::move(request));
  if (!answer) return std::move(answer).error();
  return applied_from(answer->status, answer->body);
}

Result<std::string> tell_controller(const ResultsVolume& volume, const std::string& run,
                                    const Command& command) {
  return post(volume, "/v1/run/command", command_json(run, command));
}

Result<std::string> tell_controller_to_apply(const ResultsVolume& volume, const std::string& run,
                                             const std::string& staged) {
  return post(volume, "/v1/run/apply", apply_json(run, staged, who_am_i()));
}

Result<void> ask_to_delete(const ResultsVolume& volume, const RunRecord& run) {
  const std::string name = run.directory.substr(run.directory.find('/') + 1);
  const auto said = post(volume, "/api/v1/studies/" + run.study + "/runs/" + name + ":delete", "");
  return said ? Result<void>() : said.error();
}

TellStaged to_controller_of(const ChosenRun& chosen) {
  return [volume = chosen.volume](const std::string& run, const std::string& staged) {
    return tell_controller_to_apply(volume, run, staged);
  };
}

}  // namespace studyctl
