#include "engine/docker/registry_auth.h"

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/linked_file.h"
#include "base/text.h"
#include "engine/json_read.h"

namespace studyctl {
namespace {

using nlohmann::json;

constexpr std::string_view kDockerHub = "https://index.docker.io/v1/";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

Result<std::string> base64_decode(std::string_view text) {
  std::string result;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    int value = -1;
    if (c >= 'A' && c <= 'Z') value = c - 'A';
    if (c >= 'a' && c <= 'z') value = c - 'a' + 26;
    if (c >= '0' && c <= '9') value = c - '0' + 52;
    if (c == '+' || c == '-') value = 62;
    if (c == '/' || c == '_') value = 63;
    if (c == '=' || c == '\n') continue;
    if (value < 0) return Error{ErrorCode::Invalid, "is no base64"};
    bits = bits << 6 | static_cast<uint32_t>(value);
    if ((count += 6) >= 8) result += static_cast<char>(bits >> (count -= 8) & 0xff);
  }
  return result;
}

std::vector<std::string> keys_of(const std::string& registry) {
  if (registry == "docker.io") {
    return {std::string(kDockerHub), "docker.io", "index.docker.io", "https://index.docker.io",
            "registry-1.docker.io"};
  }
  return {registry, "https://" + registry, "https://" + registry + "/v1/", "https://" + registry + "/v2/",
          "http://" + registry};
}

std::string server_of(const std::string& registry) {
  return registry == "docker.io" ? std::string(kDockerHub) : registry;
}

std::string header_of(const json& login) {
  return base64url(login.dump(-1, ' ', false, json::error_handler_t::replace));
}

Result<std::string> header_of(const json& entry, const std::string& registry, const std::string& where) {
  json header = {{"serveraddress", server_of(registry)}};
  if (const std::string token = json_string(entry, "identitytoken"); !token.empty()) {
    header["identitytoken"] = token;
    return header_of(header);
  }
  auto login = base64_decode(json_string(entry, "auth"));
  if (!login) return std::move(login).error().within(where + ": the login of " + registry);
  const size_t colon = login->find(':');
  if (colon == std::string::npos)
    return Error{ErrorCode::Invalid, where + ": the login of " + registry + " has no user:password"};
  header["username"] = login->substr(0, colon);
  header["password"] = login->substr(colon + 1);
  return header_of(header);
}

}  // namespace

ImageReference parse_image_reference(std::string_view text) {
  ImageReference result;
  const size_t slash = text.find('/');
  const std::string_view first = text.substr(0, slash);
  const bool has_host = slash != std::string_view::npos &&
                        (first.find_first_of(".:") != std::string_view::npos || first == "localhost");
  result.registry = has_host ? std::string(first) : "docker.io";
  result.repository = std::string(text);
  if (text.find('@') != std::string_view::npos) return result;
  const size_t colon = text.rfind(':');
  const size_t last_slash = text.rfind('/');
  if (colon != std::string_view::npos && (last_slash == std::string_view::npos || colon > last_slash)) {
    result.repository = std::string(text.substr(0, colon));
    result.tag = std::string(text.substr(colon + 1));
  } else {
    result.tag = "latest";
  }
  return result;
}

std::vector<std::filesystem::path> auth_files() {
  std::vector<std::filesystem::path> result;
  if (const auto file = environment("REGISTRY_AUTH_FILE"); !file.empty()) result.emplace_back(file);
  if (const auto folder = environment("DOCKER_CONFIG"); !folder.empty()) {
    result.push_back(std::filesystem::path(folder) / "config.json");
  }
  if (const auto folder = environment("XDG_RUNTIME_DIR"); !folder.empty()) {
    result.push_back(std::filesystem::path(folder) / "containers/auth.json");
  }
  if (const auto home = environment("HOME"); !home.empty()) {
    result.push_back(std::filesystem::path(home) / ".config/containers/auth.json");
    result.push_back(std::filesystem::path(home) / ".docker/config.json");
  }
  return result;
}

// A helper that was named for the registry goes before what stands in the file, and the one for all comes
// last.
Result<RegistryLogin> registry_login(const std::string& registry,
                                     const std::vector<std::filesystem::path>& files) {
  constexpr char kProgram[] = "docker-credential-";
  for (const auto& file : files) {
    const auto text = read_linked_file(file);
    if (!text) continue;
    const json config = json::parse(*text, nullptr, false);
    for (const std::string& key : keys_of(registry)) {
      const std::string helper = json_string(json_child(config, "credHelpers"), key.c_str());
      if (!helper.empty()) return RegistryLogin{{}, kProgram + helper};
      const json& entry = json_child(json_child(config, "auths"), key.c_str());
      if (!entry.is_object() || entry.empty()) continue;
      auto header = header_of(entry, registry, file.string());
      if (!header) return std::move(header).error();
      return RegistryLogin{*std::move(header), {}};
    }
    const std::string store = json_string(config, "credsStore");
    if (!store.empty()) return RegistryLogin{{}, kProgram + store};
  }
  return RegistryLogin{};
}

Program question_to(const std::string& helper, const std::string& registry) {
  return {{helper, "get"}, {}, {}, server_of(registry)};
}

Result<std::string> header_from(const std::string& helper, const std::string& registry,
                                const Result<ProgramOutput>& answer) {
  const std::string kept = "the login of " + registry + " is kept by " + helper + ", which gave none: ";
  if (!answer) return Error{ErrorCode::Invalid, kept + answer.error().message};
  const json login = json::parse(answer->out, nullptr, false);
  if (answer->end.is_success() && !json_string(login, "Secret").empty()) {
    const std::string user = json_string(login, "Username");
    json header = {{"serveraddress", server_of(registry)}};
    header[user == "<token>" ? "identitytoken" : "password"] = json_string(login, "Secret");
    if (user != "<token>") header["username"] = user;
    return header_of(header);
  }
  // Helpers say why on their output; "credentials not found" is no failure.
  if (answer->out.find("credentials not found") != std::string::npos) return std::string();
  const std::string said = answer->end.is_success() ? "no Secret" : answer->out + answer->err;
  return Error{ErrorCode::Invalid, kept + answer->end.text() + ", " + printable(to_utf8(trim(said)))};
}

}  // namespace studyctl
