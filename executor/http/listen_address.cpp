#include <arpa/inet.h>

#include "base/text.h"
#include "http/server.h"

namespace studyctl {

Result<ListenAddress> parse_listen_address(const std::string& text) {
  const size_t colon = text.rfind(':');
  const std::string digits = colon == std::string::npos ? "" : text.substr(colon + 1);
  const bool is_number =
      !digits.empty() && digits.size() <= 5 && digits.find_first_not_of("0123456789") == std::string::npos;
  const int port = is_number ? std::stoi(digits) : -1;
  std::string host = text.substr(0, colon == std::string::npos ? 0 : colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty() || host == "localhost") host = "127.0.0.1";
  in6_addr ignored{};
  const bool is_address =
      inet_pton(AF_INET, host.c_str(), &ignored) == 1 || inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
  if (port >= 0 && port <= 65535 && is_address) return ListenAddress{{}, host, port};
  return Error{
      ErrorCode::Invalid,
      "'" + printable(text) + "' is no address to listen at; write it as 127.0.0.1:8080 or [::1]:8080"};
}

std::string authority_of(const ListenAddress& address) {
  const bool is_v6 = address.host.find(':') != std::string::npos;
  return (is_v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

bool is_loopback(const ListenAddress& address) {
  return !address.socket.empty() || address.host.starts_with("127.") || address.host == "::1";
}

}  // namespace studyctl
