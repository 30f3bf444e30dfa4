#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/kubernetes/access.h"
#include "engine/kubernetes/cluster_credentials.h"
#include "io/event_loop.h"
#include "io/http_client.h"

namespace studyctl {

// The API of one cluster, in one namespace of it. Lives on the loop's thread; destroying it drops all calls,
// streams and timers without calling back.
class ClusterApi {
 public:
  using Token = uint64_t;
  using Held = std::function<void(const std::string& why)>;

  ClusterApi(EventLoop& loop, ClusterAccess access);
  ~ClusterApi();
  ClusterApi(const ClusterApi&) = delete;
  ClusterApi& operator=(const ClusterApi&) = delete;

  // One try.
  Token once(HttpRequest request, HttpClient::Done done);
  // Tries again, with backoff, until the cluster answers with something else than "later": an outage, a
  // server that fails and one that is asked too much only delay it. For what is safe to repeat.
  Token ask(const HttpRequest& request, std::function<void(HttpResponse)> done);
  // The same, until the cluster lets it: also while it does not know us or does not allow it, while the
  // namespace is being deleted or is not there. `held` hears why, each time.
  Token insist(const HttpRequest& request, Held held, std::function<void(HttpResponse)> done);
  // Why what is insisted on is not done yet: the first of it, for people; empty where all is.
  std::string trouble() const;
  Token stream(HttpRequest request, HttpClient::Headers headers, HttpClient::Chunk chunk,
               HttpClient::Done done);
  Token after(Duration delay, std::function<void()> callback);
  // Unknown tokens are ignored.
  void drop(Token token);
  // Whether nothing of it is under way: it waits for its time, to be asked again or to call back.
  bool is_waiting(Token token) const;
  // Whether it may have been done by a try that nobody answered; of what is asked or insisted on.
  bool is_doubtful(Token token) const { return doubtful_.contains(token); }

  // Of the whole cluster: "/version", "/api/v1/nodes".
  HttpRequest get(const std::string& path) const;
  HttpRequest post(const std::string& path, std::string body) const;
  // Of the namespace: "pods?labelSelector=…", "pods/x/log"; jobs are of another API group.
  HttpRequest get_pods(const std::string& rest) const;
  HttpRequest get_jobs(const std::string& rest) const;
  // Of any kind: "/apis/studyctl.io/v1alpha1", "studies/x"; in another namespace where one is named.
  HttpRequest of_kind(const std::string& method, const std::string& group, const std::string& rest,
                      std::string body = {}, const std::string& elsewhere = {}) const;
  // What the body does not name stays (a JSON merge patch).
  HttpRequest merge(const std::string& group, const std::string& rest, std::string body,
                    const std::string& elsewhere = {}) const;
  HttpRequest create_job(std::string body) const;
  HttpRequest create_secret(std::string body) const;
  // Without its dependents: what becomes of them is in the query.
  HttpRequest remove_job(const std::string& name, const std::string& query) const;
  HttpRequest remove_pod(const std::string& name, Duration grace) const;
  HttpRequest remove_secret(const std::string& name) const;

  const ClusterAccess& access() const { return credentials_.access(); }
  EventLoop& loop() { return loop_; }
  Clock& clock() { return loop_.clock(); }

 private:
  struct Pending {
    enum class Kind : uint8_t { Identity, Call, Timer };
    Kind kind = Kind::Identity;  // it waits to be known by
    uint64_t token = 0;
    HttpClient* client = nullptr;  // Call
  };
  using Send = std::function<HttpClient::Token(HttpClient& client, HttpRequest request)>;
  void send(Token token, HttpRequest request, Send how, HttpClient::Done failed);
  void authorize(HttpRequest& request) const;
  HttpClient& client();
  void remove_old_clients();
  struct Asking {
    HttpRequest request;
    std::function<void(HttpResponse)> done;
    Held held;  // null: whatever the cluster refuses is its answer
    Duration backoff;
  };
  void ask_again(Token token, Asking asking);
  void on_asked(Token token, Asking asking, uint64_t known_by, Result<HttpResponse> answer);
  void note_trouble(Token token, const std::string& why);
  HttpRequest request(const std::string& method, const std::string& path, std::string body = {}) const;
  std::string place(const std::string& group, const std::string& rest,
                    const std::string& elsewhere = {}) const;

  EventLoop& loop_;
  ClusterCredentials credentials_;
  std::unique_ptr<HttpClient> client_;
  std::vector<std::unique_ptr<HttpClient>> old_clients_;  // with certificates that were others
  std::map<Token, Pending> pending_;
  std::map<Token, std::string> troubles_;  // of what is insisted on
  std::set<Token> doubtful_;
  Token next_ = 1;
};

// Calls and timers that end with their owner: destroying it drops them all without calling back.
class ClusterCalls {
 public:
  using Token = uint64_t;

  explicit ClusterCalls(ClusterApi& api) : api_(api) {}
  ~ClusterCalls() { drop_all(); }
  ClusterCalls(const ClusterCalls&) = delete;
  ClusterCalls& operator=(const ClusterCalls&) = delete;

  // As ClusterApi has them.
  Token once(HttpRequest request, HttpClient::Done done);
  Token ask(const HttpRequest& request, std::function<void(HttpResponse)> done);
  Token insist(const HttpRequest& request, ClusterApi::Held held, std::function<void(HttpResponse)> done);
  Token after(Duration delay, std::function<void()> callback);
  bool is_waiting(Token token) const;
  bool is_doubtful(Token token) const;
  void drop(Token token);
  void drop_all();

 private:
  ClusterApi& api_;
  std::map<Token, ClusterApi::Token> open_;
  Token next_ = 1;
};

// What a cluster answers.
inline constexpr int kStatusUnauthorized = 401;
inline constexpr int kStatusForbidden = 403;
inline constexpr int kStatusMissing = 404;
inline constexpr int kStatusConflict = 409;
inline constexpr int kStatusFailed = 500;  // and above

// The answer to one request; runs `api`'s loop meanwhile.
Result<HttpResponse> answer_of(ClusterApi& api, HttpRequest request);

// Why a cluster does not do now what it may do later, though nothing is wrong with the request; empty where
// it has answered for good.
std::string hold_of(const HttpResponse& response, const std::string& namespace_name);

// What a cluster says is wrong, for people: never empty, one line. Says which rule of RBAC is missing.
std::string cluster_failure(const HttpResponse& response);
// As it is written in a Role: "{apiGroups: [batch], resources: [jobs], verbs: [create]}".
std::string rbac_rule(const std::string& group, const std::string& resource,
                      const std::vector<std::string>& verbs);

}  // namespace studyctl
