#include "http/access.h"

#include <openssl/crypto.h>
#include <sys/stat.h>

#include <algorithm>
#include <sstream>

#include "base/fd.h"
#include "base/hash.h"
#include "base/linked_file.h"
#include "base/log.h"
#include "base/text.h"
#include "http/command_api.h"

namespace studyctl {
namespace {

constexpr size_t kMostWrong = 20;  // a minute, of all together
constexpr std::chrono::minutes kRemembered{1};

// A command that comes sees itself to what its caller may do.
bool may_look(const ApiRequest& request) {
  return request.method == "GET" || request.method == "HEAD" || request.path == kCommandsPath;
}

std::optional<Caller::Role> role_named(const std::string& name) {
  if (name == "viewer") return Caller::Role::Viewer;
  if (name == "operator") return Caller::Role::Operator;
  return std::nullopt;
}

Caller caller_by(const Peer& peer) {
  const bool is_operator =
      std::find(peer.organizations.begin(), peer.organizations.end(), "operator") != peer.organizations.end();
  return {peer.name, is_operator ? Caller::Role::Operator : Caller::Role::Viewer};
}

ApiResponse unauthorized(const std::string& detail) {
  ApiResponse response = problem(401, detail);
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

}  // namespace

std::optional<std::string> bearer_of(const ApiRequest& request) {
  constexpr std::string_view kBearer = "Bearer ";
  const auto sent = request.headers.find("authorization");
  if (sent == request.headers.end() || !sent->second.starts_with(kBearer)) return std::nullopt;
  return sent->second.substr(kBearer.size());
}

std::unique_ptr<Access> Access::of_loopback() {
  std::unique_ptr<Access> access(new Access());
  access->lets_all_look_ = true;
  return access;
}

std::unique_ptr<Access> Access::of_certificates() {
  return std::unique_ptr<Access>(new Access());
}

Result<std::unique_ptr<Access>> Access::open(std::filesystem::path file) {
  std::unique_ptr<Access> access(new Access());
  access->file_ = std::move(file);
  if (auto read = access->read(); !read) return std::move(read).error();
  return access;
}

Result<void> Access::read() {
  struct stat about {};
  if (stat(file_.c_str(), &about) != 0) return Error{ErrorCode::Invalid, errno_error(file_.string()).message};
  if ((about.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return Error{ErrorCode::Invalid, file_.string() + ": others may write it; chmod go-w"};
  std::error_code ignored;
  const auto written = std::filesystem::last_write_time(file_, ignored);
  const auto text = read_linked_file(file_);
  if (!text) return text.error();
  std::vector<Token> tokens;
  size_t number = 0;
  for (const std::string& line : split(*text, '\n')) {
    ++number;
    std::istringstream words(line.substr(0, line.find('#')));
    std::string name, role, sha256, more;
    if (!(words >> name)) continue;
    const bool has_all = static_cast<bool>(words >> role >> sha256) && !(words >> more);
    const auto known = role_named(role);
    if (!has_all || !known || !is_sha256(sha256))
      return Error{ErrorCode::Invalid, file_.string() + ":" + std::to_string(number) +
                                           ": wants a name, viewer or operator, and the SHA-256 of the "
                                           "token; `studyctl token NAME` makes such a line"};
    tokens.push_back({printable(name), *known, sha256});
  }
  tokens_ = std::move(tokens);
  written_ = written;
  return {};
}

void Access::read_if_changed() {
  std::error_code error;
  const auto written = std::filesystem::last_write_time(file_, error);
  if (error || written == written_) return;
  if (auto again = read(); !again) {
    log::error(again.error().message + "; the tokens stay as they were");
    written_ = written;
  }
}

// Every token is looked at, each in the same time.
std::optional<Caller> Access::caller_of(const std::string& token) const {
  const std::string sha256 = sha256_hex(token);
  std::optional<Caller> caller;
  for (const Token& known : tokens_)
    if (CRYPTO_memcmp(known.sha256.data(), sha256.data(), sha256.size()) == 0)
      caller = Caller{known.name, known.role};
  return caller;
}

bool Access::has_tried_too_often() {
  const Steady now = SystemClock().steady();
  std::erase_if(wrong_, [&](Steady at) { return now - at > kRemembered; });
  return wrong_.size() >= kMostWrong;
}

// Nobody asks whom a certificate or a token makes known.
std::optional<ApiResponse> Access::refuse_unknown(ApiRequest& request) {
  if (!lets_all_look_) return unauthorized("show a certificate of a client that is known here");
  request.caller = {"somebody on this machine", Caller::Role::Viewer};
  if (may_look(request)) return std::nullopt;
  return problem(
      403,
      "who asks is not known here, so nothing is changed: start the service with a --token-file, or "
      "use the command line on this machine");
}

// Fills in whose token it is, or refuses.
std::optional<ApiResponse> Access::refuse_token(ApiRequest& request) {
  const auto token = bearer_of(request);
  if (!token) return unauthorized("send a token: Authorization: Bearer …");
  std::lock_guard lock(mutex_);
  if (has_tried_too_often()) {
    ApiResponse response = problem(429, "too many wrong tokens: try again in a minute");
    response.headers.emplace_back("Retry-After", "60");
    return response;
  }
  read_if_changed();
  const auto caller = caller_of(*token);
  if (!caller) {
    wrong_.push_back(SystemClock().steady());
    return unauthorized("the token is not known");
  }
  request.caller = *caller;
  return std::nullopt;
}

std::optional<ApiResponse> Access::refuse(ApiRequest& request) {
  if (request.peer) {
    request.caller = caller_by(*request.peer);
  } else if (file_.empty()) {
    return refuse_unknown(request);
  } else if (auto refusal = refuse_token(request)) {
    return refusal;
  }
  if (may_look(request) || request.caller.role == Caller::Role::Operator) return std::nullopt;
  return problem(403, request.caller.name + " may look, and change nothing: it takes an operator");
}

NewToken new_token(const std::string& name, Caller::Role role) {
  std::string token = "sctl_" + random_uuid() + random_uuid();
  std::erase(token, '-');
  return {token,
          name + " " + (role == Caller::Role::Operator ? "operator" : "viewer") + " " + sha256_hex(token)};
}

}  // namespace studyctl
