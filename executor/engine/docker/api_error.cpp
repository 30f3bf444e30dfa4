#include "engine/docker/api_error.h"

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "engine/json_read.h"

namespace studyctl {
namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

ApiFailure classify(const HttpResponse& response) {
  if (response.status < 400) return ApiFailure::None;
  const auto body = nlohmann::json::parse(response.body, nullptr, false);
  const std::string said = lower(json_string(body, "message") + " " + json_string(body, "cause"));
  if (contains(said, "already in use")) return ApiFailure::NameTaken;
  if (contains(said, "no such image") || contains(said, "image not known")) return ApiFailure::NoSuchImage;
  if (response.status == 404) return ApiFailure::NoSuchThing;
  if (contains(said, "no such container")) return ApiFailure::NoSuchThing;
  if (contains(said, "already in progress")) return ApiFailure::BeingRemoved;
  if (response.status == 409 || contains(said, "container state improper")) return ApiFailure::WrongState;
  return ApiFailure::Other;
}

std::string failure_message(const HttpResponse& response) {
  const auto body = nlohmann::json::parse(response.body, nullptr, false);
  std::string said = json_string(body, "message");
  if (said.empty()) said = json_string(body, "cause");
  if (said.empty()) said = response.body.substr(0, 300);
  if (said.empty()) said = "HTTP status " + std::to_string(response.status) + " without a word";
  return std::string(trim(printable(to_utf8(said))));
}

bool is_device_failure(const std::string& message) {
  return contains(message, "unresolvable CDI devices") || contains(message, "CDI device injection failed") ||
         contains(message, "nvidia-container-cli") || contains(message, "nvidia-container-runtime");
}

}  // namespace studyctl
