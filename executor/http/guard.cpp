#include "http/guard.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string_view>

#include "base/text.h"

namespace studyctl {
namespace {

constexpr const char* kForwarding[] = {"forwarded",         "x-forwarded-for", "x-forwarded-host",
                                       "x-forwarded-proto", "remote_addr",     "remote_port",
                                       "local_addr",        "local_port",      "x-real-ip"};

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

bool leads_up(std::string_view path) {
  for (const std::string& part : split(std::string(path), '/'))
    if (part == "..") return true;
  return false;
}

// "[::1]:8080" → "::1", "localhost" → "localhost"
std::string host_of(std::string_view authority) {
  if (authority.starts_with('[')) return std::string(authority.substr(1, authority.find(']') - 1));
  return lower(std::string(authority.substr(0, authority.find(':'))));
}

bool is_address(const std::string& host) {
  in6_addr ignored{};
  return inet_pton(AF_INET, host.c_str(), &ignored) == 1 || inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}

bool is_own(const std::string& authority, const ListenAddress& own) {
  const std::string named = host_of(authority);
  if (named == own.host || named == "localhost" || named == "127.0.0.1" || named == "::1") return true;
  if ((own.host == "0.0.0.0" || own.host == "::") && is_address(named)) return true;
  return std::any_of(own.names.begin(), own.names.end(),
                     [&](const std::string& name) { return lower(name) == named; });
}

bool changes_something(const std::string& method) {
  return method != "GET" && method != "HEAD" && method != "OPTIONS";
}

// Whose page it is that asks.
std::optional<ApiResponse> refuse_stranger(const ApiRequest& request, const ListenAddress& own) {
  const auto addressed = request.headers.find("host");
  if (addressed == request.headers.end()) return problem(400, "Host: is missing");
  if (!is_own(addressed->second, own))
    return problem(421,
                   "Host: this server has another name; `studyctl serve --name` says by which it is known");
  const auto origin = request.headers.find("origin");
  if (origin == request.headers.end()) return std::nullopt;
  const size_t scheme = origin->second.find("://");
  const std::string from = scheme == std::string::npos ? "" : origin->second.substr(scheme + 3);
  if (from != addressed->second) return problem(403, "Origin: a page of another site asks");
  return std::nullopt;
}

}  // namespace

std::optional<ApiResponse> refuse(const ApiRequest& request, const ListenAddress& own) {
  for (const auto& [name, value] : request.headers)
    if (has_control(name) || has_control(value)) return problem(400, "a header has a control character");
  if (has_control(request.path) || leads_up(request.path))
    return problem(400, "the path has a control character, or leads up by ..");
  if (request.headers.contains("transfer-encoding")) return problem(411, "send a Content-Length");
  if (request.headers.contains("content-encoding")) return problem(415, "send it unpacked");
  if (changes_something(request.method) && !request.headers.contains("content-length"))
    return problem(411, "send a Content-Length");
  for (const char* name : kForwarding)
    if (request.headers.contains(name)) return problem(400, std::string(name) + ": is taken from nobody");
  return own.socket.empty() ? refuse_stranger(request, own) : std::nullopt;
}

}  // namespace studyctl
