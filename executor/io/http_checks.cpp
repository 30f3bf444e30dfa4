#include "io/http_checks.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/fd.h"
#include "base/text.h"

namespace studyctl {
namespace {

bool breaks_line(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

bool is_token(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  const auto is_allowed = [&](char c) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_letter || (c >= '0' && c <= '9') || kOthers.find(c) != std::string_view::npos;
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), is_allowed);
}

}  // namespace

std::optional<Error> fault_of(const HttpRequest& request) {
  if (!is_token(request.method)) {
    return Error{ErrorCode::Invalid, "HTTP method '" + printable(request.method) + "': must be one word"};
  }
  const std::string& path = request.path;
  if (!path.starts_with('/') || breaks_line(path) || path.find(' ') != std::string::npos) {
    return Error{ErrorCode::Invalid,
                 "HTTP path '" + printable(path) + "': must begin with a slash and have no space in it"};
  }
  for (const auto& [name, value] : request.headers) {
    if (is_token(name) && !breaks_line(value)) continue;
    return Error{ErrorCode::Invalid, "HTTP header '" + printable(name) + "': must be one word and one line"};
  }
  return std::nullopt;
}

int connect_errno(const std::string& unix_socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (unix_socket.size() >= sizeof address.sun_path) return ENAMETOOLONG;
  std::memcpy(address.sun_path, unix_socket.c_str(), unix_socket.size() + 1);
  const Fd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) return errno;
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  return connect(probe.get(), generic, sizeof address) == 0 ? 0 : errno;
}

}  // namespace studyctl
