#include "engine/docker/api.h"

#include <algorithm>

namespace studyctl {
namespace {

constexpr Duration kFirstBackoff{100};
constexpr Duration kLongestBackoff{3000};
// A busy engine may take long over a start or a removal; a stalled one must not hold a call for ever.
constexpr Duration kPatience{std::chrono::minutes(2)};

}  // namespace

std::string Endpoint::text() const {
  return std::string(is_podman() ? "Podman " : "Docker ") + server_version + " (API 1." +
         std::to_string(api_minor) + ")";
}

// Docker 29.0 refuses everything below 1.44, and 1.44 is the newest that is needed.
int negotiated_minor(int server_minor) {
  return server_minor >= 44 ? 44 : std::min(server_minor, 43);
}

bool is_unheard(const Error& error) {
  for (const std::string_view end : {"Connection refused", "No such file or directory", "cannot connect"}) {
    if (error.message.ends_with(end)) return true;
  }
  return false;
}

EngineApi::EngineApi(EventLoop& loop, Endpoint endpoint, int most_connections, EngineMetrics metrics)
    : loop_(loop),
      endpoint_(std::move(endpoint)),
      client_(loop, endpoint_.address, most_connections),
      metrics_(metrics) {}

HttpClient::Token EngineApi::call(HttpRequest request, HttpClient::Done done) {
  auto measured = metrics_.measured(request, std::move(done));
  return client_.call(std::move(request), std::move(measured));
}

HttpRequest EngineApi::get(const std::string& path) const {
  HttpRequest request;
  request.path = "/v1." + std::to_string(endpoint_.api_minor) + path;
  request.timeout = kPatience;
  return request;
}

HttpRequest EngineApi::post(const std::string& path, std::string body) const {
  HttpRequest request = get(path);
  request.method = "POST";
  if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  request.body = std::move(body);
  return request;
}

HttpRequest EngineApi::remove(const std::string& path) const {
  HttpRequest request = get(path);
  request.method = "DELETE";
  return request;
}

HttpRequest EngineApi::libpod_post(const std::string& path, std::string body) const {
  HttpRequest request = post(path, std::move(body));
  request.path = "/v4.0.0/libpod" + path;
  return request;
}

Calls::~Calls() {
  drop_all();
}

Calls::Token Calls::once(HttpRequest request, HttpClient::Done done) {
  const Token token = next_++;
  pending_[token].token =
      api_.call(std::move(request), [this, token, done = std::move(done)](Result<HttpResponse> answer) {
        // `done` may destroy this object, and with it the callback that is running.
        const auto keep = done;
        pending_.erase(token);
        keep(std::move(answer));
      });
  return token;
}

Calls::Token Calls::ask(HttpRequest request, std::function<void(HttpResponse)> done) {
  const Token token = next_++;
  ask_again(token, std::move(request), std::move(done), kFirstBackoff);
  return token;
}

void Calls::ask_again(Token token, HttpRequest request, std::function<void(HttpResponse)> done,
                      Duration backoff) {
  auto answered = [this, token, request, done = std::move(done), backoff](Result<HttpResponse> answer) {
    const auto keep = done;
    if (answer) {
      pending_.erase(token);
      keep(std::move(*answer));
      return;
    }
    pending_[token] = {api_.loop().after(backoff,
                                         [this, token, request, keep, backoff] {
                                           ask_again(token, request, keep,
                                                     std::min(backoff * 2, kLongestBackoff));
                                         }),
                       true};
  };
  pending_[token] = {api_.call(std::move(request), std::move(answered)), false};
}

Calls::Token Calls::stream(HttpRequest request, HttpClient::Headers headers, HttpClient::Chunk chunk,
                           HttpClient::Done done) {
  const Token token = next_++;
  pending_[token].token =
      api_.client().stream(std::move(request), std::move(headers), std::move(chunk),
                           [this, token, done = std::move(done)](Result<HttpResponse> answer) {
                             const auto keep = done;
                             pending_.erase(token);
                             keep(std::move(answer));
                           });
  return token;
}

Calls::Token Calls::after(Duration delay, std::function<void()> callback) {
  const Token token = next_++;
  pending_[token] = {api_.loop().after(delay,
                                       [this, token, callback = std::move(callback)] {
                                         const auto keep = callback;
                                         pending_.erase(token);
                                         keep();
                                       }),
                     true};
  return token;
}

void Calls::drop(Token token) {
  const auto found = pending_.find(token);
  if (found == pending_.end()) return;
  drop(found->second);
  pending_.erase(found);
}

void Calls::drop_all() {
  for (const auto& [token, pending] : pending_) drop(pending);
  pending_.clear();
}

void Calls::drop(const Pending& pending) {
  if (pending.is_timer) {
    api_.loop().cancel(pending.token);
  } else {
    api_.client().cancel(pending.token);
  }
}

}  // namespace studyctl
