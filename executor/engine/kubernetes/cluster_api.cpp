#include "engine/kubernetes/cluster_api.h"

#include <algorithm>
#include <charconv>

#include "base/log.h"
#include "base/text.h"
#include "engine/docker/api_json.h"

namespace studyctl {
namespace {

constexpr int kConnections = 8;
constexpr Duration kFirstBackoff{200};
constexpr Duration kLongestBackoff{10'000};
constexpr Duration kLongestWait{60'000};  // that a server may ask for
constexpr Duration kTokenIsFresh{60'000};
constexpr int kTooMany = 429;

bool is_later(const HttpResponse& response) {
  return response.status == kTooMany || response.status >= 500;
}

Duration wait_of(const HttpResponse& response, Duration backoff) {
  const std::string text = response.header("retry-after");
  int seconds = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (read.ec != std::errc() || seconds <= 0) return backoff;
  return std::clamp(Duration(std::chrono::seconds(seconds)), backoff, kLongestWait);
}

}  // namespace

ClusterApi::ClusterApi(EventLoop& loop, ClusterAccess access)
    : loop_(loop), access_(std::move(access)), client_(loop, access_.address, kConnections) {}

ClusterApi::~ClusterApi() {
  for (const auto& [token, pending] : pending_) {
    if (pending.is_timer) loop_.cancel(pending.token);
  }
}

// A cluster renews the tokens of pods in their files long before they expire.
void ClusterApi::authorize(HttpRequest& request) {
  const Steady now = loop_.clock().steady();
  if (!token_read_at_ || now - *token_read_at_ > kTokenIsFresh) {
    auto token = current_token(access_);
    if (!token) log::warning("the cluster's token: " + token.error().message);
    if (token) token_ = *std::move(token);
    token_read_at_ = now;
  }
  if (!token_.empty()) request.headers.emplace_back("Authorization", "Bearer " + token_);
}

ClusterApi::Token ClusterApi::once(HttpRequest request, HttpClient::Done done) {
  authorize(request);
  const Token token = next_++;
  pending_[token].token =
      client_.call(std::move(request), [this, token, done = std::move(done)](Result<HttpResponse> answer) {
        pending_.erase(token);
        if (answer && answer->status == kStatusUnauthorized) token_read_at_.reset();
        done(std::move(answer));
      });
  return token;
}

ClusterApi::Token ClusterApi::ask(const HttpRequest& request, std::function<void(HttpResponse)> done) {
  return insist(request, {}, std::move(done));
}

ClusterApi::Token ClusterApi::insist(const HttpRequest& request, Held held,
                                     std::function<void(HttpResponse)> done) {
  const Token token = next_++;
  ask_again(token, {request, std::move(done), std::move(held), kFirstBackoff});
  return token;
}

void ClusterApi::ask_again(Token token, Asking asking) {
  HttpRequest authorized = asking.request;
  authorize(authorized);
  auto answered = [this, token, asking = std::move(asking),
                   sent_token = token_](Result<HttpResponse> answer) mutable {
    on_asked(token, std::move(asking), sent_token, std::move(answer));
  };
  pending_[token] = {client_.call(std::move(authorized), std::move(answered)), false};
}

void ClusterApi::on_asked(Token token, Asking asking, const std::string& sent_token,
                          Result<HttpResponse> answer) {
  std::string hold = answer && asking.held ? hold_of(*answer, access_.namespace_name) : "";
  bool is_over = answer && !is_later(*answer) && hold.empty();
  if (answer && answer->status == kStatusUnauthorized) {
    token_read_at_.reset();
    const auto newer = current_token(access_);
    const bool is_renewed = newer && *newer != sent_token;
    is_over = is_over && !is_renewed;
    if (is_renewed) hold.clear();
  }
  if (is_over) {
    pending_.erase(token);
    note_trouble(token, {});
    return asking.done(std::move(*answer));
  }
  const bool is_outage = hold.empty() && asking.backoff >= kLongestBackoff;
  Duration wait = answer ? wait_of(*answer, asking.backoff) : asking.backoff;
  if (is_outage) hold = answer ? cluster_failure(*answer) : answer.error().message;
  if (!hold.empty()) wait = std::max(wait, kLongestBackoff);
  asking.backoff = std::min(asking.backoff * 2, kLongestBackoff);
  const Held held = asking.held;
  pending_[token] = {
      loop_.after(wait, [this, token, asking = std::move(asking)] { ask_again(token, asking); }), true};
  if (hold.empty()) return;
  hold.insert(0, "the cluster: ");
  if (!held && hold == trouble()) return;
  if (!held) return log::warning(hold);
  note_trouble(token, hold);
  held(hold);
}

std::string ClusterApi::trouble() const {
  return troubles_.empty() ? std::string() : troubles_.begin()->second;
}

// Said when it begins, when it is another one, and when it is over.
void ClusterApi::note_trouble(Token token, const std::string& why) {
  const std::string before = trouble();
  if (why.empty()) {
    troubles_.erase(token);
  } else {
    troubles_[token] = why;
  }
  if (trouble() == before) return;
  if (!trouble().empty()) {
    log::warning(trouble());
  } else {
    log::info("the cluster does what it is asked for again");
  }
}

ClusterApi::Token ClusterApi::stream(HttpRequest request, HttpClient::Headers headers,
                                     HttpClient::Chunk chunk, HttpClient::Done done) {
  authorize(request);
  request.timeout.reset();
  const Token token = next_++;
  pending_[token].token = client_.stream(std::move(request), std::move(headers), std::move(chunk),
                                         [this, token, done = std::move(done)](Result<HttpResponse> answer) {
                                           pending_.erase(token);
                                           done(std::move(answer));
                                         });
  return token;
}

ClusterApi::Token ClusterApi::after(Duration delay, std::function<void()> callback) {
  const Token token = next_++;
  pending_[token] = {loop_.after(delay,
                                 [this, token, callback = std::move(callback)] {
                                   pending_.erase(token);
                                   callback();
                                 }),
                     true};
  return token;
}

void ClusterApi::drop(Token token) {
  const auto found = pending_.find(token);
  if (found == pending_.end()) return;
  if (found->second.is_timer) {
    loop_.cancel(found->second.token);
  } else {
    client_.cancel(found->second.token);
  }
  pending_.erase(found);
  note_trouble(token, {});
}

bool ClusterApi::is_waiting(Token token) const {
  const auto found = pending_.find(token);
  return found != pending_.end() && found->second.is_timer;
}

// Every object has a name of its own, so that nothing is made twice.
HttpRequest ClusterApi::request(const std::string& method, const std::string& path, std::string body) const {
  HttpRequest request;
  request.method = method;
  request.path = path;
  request.may_be_repeated = true;
  if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  request.body = std::move(body);
  return request;
}

std::string ClusterApi::place(const std::string& group, const std::string& rest) const {
  return group + "/namespaces/" + query_escape(access_.namespace_name) + "/" + rest;
}

HttpRequest ClusterApi::get(const std::string& path) const {
  return request("GET", path);
}
HttpRequest ClusterApi::post(const std::string& path, std::string body) const {
  return request("POST", path, std::move(body));
}
HttpRequest ClusterApi::get_pods(const std::string& rest) const {
  return request("GET", place("/api/v1", "pods" + rest));
}
HttpRequest ClusterApi::get_jobs(const std::string& rest) const {
  return request("GET", place("/apis/batch/v1", "jobs" + rest));
}
HttpRequest ClusterApi::of_kind(const std::string& method, const std::string& group, const std::string& rest,
                                std::string body) const {
  return request(method, place(group, rest), std::move(body));
}
HttpRequest ClusterApi::merge(const std::string& group, const std::string& rest, std::string body) const {
  HttpRequest merging = request("PATCH", place(group, rest));
  merging.headers.emplace_back("Content-Type", "application/merge-patch+json");
  merging.body = std::move(body);
  return merging;
}
HttpRequest ClusterApi::get_events(const std::string& name) const {
  return request("GET",
                 place("/api/v1", "events?fieldSelector=" + query_escape("involvedObject.name=" + name)));
}
HttpRequest ClusterApi::create_job(std::string body) const {
  return request("POST", place("/apis/batch/v1", "jobs"), std::move(body));
}
HttpRequest ClusterApi::create_secret(std::string body) const {
  return request("POST", place("/api/v1", "secrets"), std::move(body));
}
HttpRequest ClusterApi::remove_job(const std::string& name, const std::string& query) const {
  return request("DELETE", place("/apis/batch/v1", "jobs/" + name + "?" + query));
}
HttpRequest ClusterApi::remove_pod(const std::string& name, Duration grace) const {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(grace).count();
  return request("DELETE",
                 place("/api/v1", "pods/" + name + "?gracePeriodSeconds=" + std::to_string(seconds)));
}
HttpRequest ClusterApi::remove_secret(const std::string& name) const {
  return request("DELETE", place("/api/v1", "secrets/" + name));
}

ClusterCalls::Token ClusterCalls::once(HttpRequest request, HttpClient::Done done) {
  const Token token = next_++;
  open_[token] =
      api_.once(std::move(request), [this, token, done = std::move(done)](Result<HttpResponse> answer) {
        open_.erase(token);
        done(std::move(answer));
      });
  return token;
}

ClusterCalls::Token ClusterCalls::ask(const HttpRequest& request, std::function<void(HttpResponse)> done) {
  const Token token = next_++;
  open_[token] = api_.ask(request, [this, token, done = std::move(done)](HttpResponse response) {
    open_.erase(token);
    done(std::move(response));
  });
  return token;
}

ClusterCalls::Token ClusterCalls::insist(const HttpRequest& request, ClusterApi::Held held,
                                         std::function<void(HttpResponse)> done) {
  const Token token = next_++;
  open_[token] = api_.insist(request, std::move(held), [this, token, done = std::move(done)](auto response) {
    open_.erase(token);
    done(std::move(response));
  });
  return token;
}

bool ClusterCalls::is_waiting(Token token) const {
  const auto found = open_.find(token);
  return found != open_.end() && api_.is_waiting(found->second);
}

ClusterCalls::Token ClusterCalls::after(Duration delay, std::function<void()> callback) {
  const Token token = next_++;
  open_[token] = api_.after(delay, [this, token, callback = std::move(callback)] {
    open_.erase(token);
    callback();
  });
  return token;
}

void ClusterCalls::drop(Token token) {
  const auto found = open_.find(token);
  if (found == open_.end()) return;
  api_.drop(found->second);
  open_.erase(found);
}

void ClusterCalls::drop_all() {
  for (const auto& [token, call] : open_) api_.drop(call);
  open_.clear();
}

Result<HttpResponse> answer_of(ClusterApi& api, HttpRequest request) {
  std::optional<Result<HttpResponse>> answer;
  api.once(std::move(request), [&answer](Result<HttpResponse> got) { answer = std::move(got); });
  while (!answer) api.loop().run_once(std::chrono::seconds(1));
  return *std::move(answer);
}

}  // namespace studyctl
