#include <algorithm>

#include "base/text.h"
#include "io/http_client.h"

namespace studyctl {
namespace {

// sockaddr_un holds 108 bytes, the closing zero among them.
constexpr size_t kLongestSocketPath = 107;
constexpr std::string_view kForms = "unix:///path, tcp://host:port, http://host:port or https://host:port";

Error invalid(std::string_view text, std::string_view what) {
  return {ErrorCode::Invalid, "'" + printable(text) + "': " + std::string(what)};
}

bool is_port(std::string_view text) {
  const bool is_number =
      !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == std::string_view::npos;
  if (!is_number) return false;
  const int port = std::stoi(std::string(text));
  return port >= 1 && port <= 65535;
}

// Host and port; "[::1]:2375" too.
Result<void> check_authority(std::string_view text, std::string_view authority) {
  const size_t bracket = authority.rfind(']');
  const size_t colon = authority.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  const std::string_view host = authority.substr(0, has_port ? colon : authority.size());
  if (host.empty()) return invalid(text, "a host is missing");
  if (has_port && !is_port(authority.substr(colon + 1))) {
    return invalid(text, "the port must be a number from 1 to 65535");
  }
  const bool is_bracketed = host.starts_with('[') && host.ends_with(']');
  if (!is_bracketed && host.find(':') != std::string_view::npos) {
    return invalid(text, "an IPv6 address stands in brackets: [::1]:2375");
  }
  if (host.find_first_of("@?# \t") != std::string_view::npos) return invalid(text, "the host is not a name");
  return {};
}

Result<HttpAddress> parse_socket(std::string_view text, std::string_view path) {
  if (!path.starts_with('/')) return invalid(text, "the socket's path must be absolute");
  if (path.size() > kLongestSocketPath) {
    return invalid(text, "the path of a socket may have " + std::to_string(kLongestSocketPath) +
                             " bytes, it has " + std::to_string(path.size()));
  }
  HttpAddress address;
  address.unix_socket = path;
  address.base_url = "http://localhost";
  return address;
}

}  // namespace

Result<HttpAddress> HttpAddress::parse(std::string_view text) {
  const size_t end = text.find("://");
  const bool is_clean = std::none_of(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (end == std::string_view::npos || !is_clean) return invalid(text, "must be " + std::string(kForms));
  const std::string scheme = lower(text.substr(0, end));
  std::string_view rest = text.substr(end + 3);
  if (scheme == "unix") return parse_socket(text, rest);
  if (scheme != "tcp" && scheme != "http" && scheme != "https") {
    return invalid(text, scheme + ":// is not supported; it must be " + std::string(kForms));
  }
  while (rest.ends_with('/')) rest.remove_suffix(1);
  if (auto checked = check_authority(text, rest.substr(0, rest.find('/'))); !checked) return checked.error();
  HttpAddress address;
  address.base_url = (scheme == "https" ? "https://" : "http://") + std::string(rest);
  return address;
}

Result<void> HttpAddress::use_tls(const std::filesystem::path& directory) {
  if (!unix_socket.empty()) return invalid(text(), "a Unix socket needs no TLS");
  for (const char* name : {"ca.pem", "cert.pem", "key.pem"}) {
    std::error_code failure;
    if (std::filesystem::exists(directory / name, failure)) continue;
    return Error{ErrorCode::NotFound,
                 (directory / name).string() + ": there is no such file, which TLS needs"};
  }
  ca_file = (directory / "ca.pem").string();
  certificate_file = (directory / "cert.pem").string();
  key_file = (directory / "key.pem").string();
  if (base_url.starts_with("http://")) base_url.insert(4, "s");
  return {};
}

std::string HttpAddress::text() const {
  return unix_socket.empty() ? base_url : "unix://" + unix_socket;
}

std::string HttpResponse::header(std::string_view name) const {
  const std::string wanted = lower(name);
  for (const auto& [key, value] : headers) {
    if (key == wanted) return value;
  }
  return {};
}

}  // namespace studyctl
