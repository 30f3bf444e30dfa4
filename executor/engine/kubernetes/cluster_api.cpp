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
constexpr Duration kLongestWait{60'000};     // that a server may ask for
constexpr Duration kOldConnections{60'000};  // are kept for what is under way
constexpr int kTooMany = 429;

bool is_later(const HttpResponse& response) {
  return response.status == kTooMany || response.status >= kStatusFailed;
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
    : loop_(loop), credentials_(loop, std::move(access)) {}

ClusterApi::~ClusterApi() {
  for (const auto& [token, pending] : pending_) {
    if (pending.kind == Pending::Kind::Timer) loop_.cancel(pending.token);
  }
}

void ClusterApi::authorize(HttpRequest& request) const {
  const std::string& token = credentials_.token();
  if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
  for (const auto& header : access().headers) request.headers.push_back(header);
}

// A connection is made with one certificate: others need others.
HttpClient& ClusterApi::client() {
  const HttpAddress& address = credentials_.address();
  const bool is_same = client_ && client_->address().certificate_pem == address.certificate_pem &&
                       client_->address().key_pem == address.key_pem &&
                       client_->address().ca_pem == address.ca_pem;
  if (is_same) return *client_;
  if (client_) {
    old_clients_.push_back(std::move(client_));
    after(kOldConnections, [this] { remove_old_clients(); });
  }
  client_ = std::make_unique<HttpClient>(loop_, address, kConnections);
  return *client_;
}

void ClusterApi::remove_old_clients() {
  std::erase_if(old_clients_, [this](const auto& old) {
    return std::none_of(pending_.begin(), pending_.end(),
                        [&](const auto& one) { return one.second.client == old.get(); });
  });
  if (!old_clients_.empty()) after(kOldConnections, [this] { remove_old_clients(); });
}

// Once it is known as whom. Never calls back from within.
void ClusterApi::send(Token token, HttpRequest request, Send how, HttpClient::Done failed) {
  using Kind = Pending::Kind;
  pending_[token] = {};
  credentials_.when_known([this, token, request = std::move(request), how = std::move(how),
                           failed = std::move(failed)](const Result<void>& known) mutable {
    const auto found = pending_.find(token);
    if (found == pending_.end()) return;
    if (known) {
      authorize(request);
      HttpClient& to = client();
      found->second = {Kind::Call, how(to, std::move(request)), &to};
      return;
    }
    const auto fail = [this, token, failed = std::move(failed), error = known.error()] {
      pending_.erase(token);
      failed(error);
    };
    found->second = {Kind::Timer, loop_.after(Duration(0), fail), nullptr};
  });
}

ClusterApi::Token ClusterApi::once(HttpRequest request, HttpClient::Done done) {
  const Token token = next_++;
  const HttpClient::Done answered = [this, token, done](Result<HttpResponse> answer) {
    pending_.erase(token);
    if (answer && answer->status == kStatusUnauthorized) credentials_.renew(credentials_.version());
    done(std::move(answer));
  };
  send(
      token, std::move(request),
      [answered](HttpClient& client, HttpRequest sent) { return client.call(std::move(sent), answered); },
      std::move(done));
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
  const HttpRequest request = asking.request;
  const auto answered = [this, token, asking = std::move(asking)](uint64_t known_by) {
    return [this, token, asking, known_by](Result<HttpResponse> answer) {
      on_asked(token, asking, known_by, std::move(answer));
    };
  };
  send(
      token, request,
      [this, answered](HttpClient& client, HttpRequest sent) {
        return client.call(std::move(sent), answered(credentials_.version()));
      },
      answered(credentials_.version()));
}

void ClusterApi::on_asked(Token token, Asking asking, uint64_t known_by, Result<HttpResponse> answer) {
  std::string hold = answer && asking.held ? hold_of(*answer, access().namespace_name) : "";
  bool is_over = answer && !is_later(*answer) && hold.empty();
  const bool is_nobody = answer && answer->status == kStatusUnauthorized;
  if (is_nobody && credentials_.renew(known_by)) {
    is_over = false;
    hold.clear();
  }
  if (is_over) {
    pending_.erase(token);
    doubtful_.erase(token);
    note_trouble(token, {});
    return asking.done(std::move(*answer));
  }
  if (!answer || answer->status >= kStatusFailed) doubtful_.insert(token);
  const bool is_outage = hold.empty() && asking.backoff >= kLongestBackoff;
  Duration wait = answer ? wait_of(*answer, asking.backoff) : asking.backoff;
  if (is_outage) hold = answer ? cluster_failure(*answer) : answer.error().message;
  if (!hold.empty()) wait = std::max(wait, kLongestBackoff);
  // Whose certificate is over cannot even say whom it is.
  if (!answer && is_outage && !credentials_.address().certificate_pem.empty()) credentials_.renew(known_by);
  asking.backoff = std::min(asking.backoff * 2, kLongestBackoff);
  const Held held = asking.held;
  const auto again = [this, token, asking = std::move(asking)] { ask_again(token, asking); };
  pending_[token] = {Pending::Kind::Timer, loop_.after(wait, again), nullptr};
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
  request.timeout.reset();
  const Token token = next_++;
  const HttpClient::Done ended = [this, token, done](Result<HttpResponse> answer) {
    pending_.erase(token);
    done(std::move(answer));
  };
  send(
      token, std::move(request),
      [headers = std::move(headers), chunk = std::move(chunk), ended](HttpClient& client, HttpRequest sent) {
        return client.stream(std::move(sent), headers, chunk, ended);
      },
      std::move(done));
  return token;
}

ClusterApi::Token ClusterApi::after(Duration delay, std::function<void()> callback) {
  const Token token = next_++;
  const auto ring = [this, token, callback = std::move(callback)] {
    pending_.erase(token);
    callback();
  };
  pending_[token] = {Pending::Kind::Timer, loop_.after(delay, ring), nullptr};
  return token;
}

void ClusterApi::drop(Token token) {
  const auto found = pending_.find(token);
  if (found == pending_.end()) return;
  const Pending pending = found->second;
  if (pending.kind == Pending::Kind::Timer) loop_.cancel(pending.token);
  if (pending.kind == Pending::Kind::Call) pending.client->cancel(pending.token);
  pending_.erase(token);
  doubtful_.erase(token);
  note_trouble(token, {});
}

bool ClusterApi::is_waiting(Token token) const {
  const auto found = pending_.find(token);
  return found != pending_.end() && found->second.kind != Pending::Kind::Call;
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

std::string ClusterApi::place(const std::string& group, const std::string& rest,
                              const std::string& elsewhere) const {
  return group + "/namespaces/" + query_escape(elsewhere.empty() ? access().namespace_name : elsewhere) +
         "/" + rest;
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
                                std::string body, const std::string& elsewhere) const {
  return request(method, place(group, rest, elsewhere), std::move(body));
}
HttpRequest ClusterApi::merge(const std::string& group, const std::string& rest, std::string body,
                              const std::string& elsewhere) const {
  HttpRequest merging = request("PATCH", place(group, rest, elsewhere));
  merging.headers.emplace_back("Content-Type", "application/merge-patch+json");
  merging.body = std::move(body);
  return merging;
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

bool ClusterCalls::is_doubtful(Token token) const {
  const auto found = open_.find(token);
  return found != open_.end() && api_.is_doubtful(found->second);
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
