#pragma once

#include <functional>
#include <optional>
#include <string>

#include "engine/kubernetes/cluster_api.h"

namespace studyctl {

// Of several that want to lead, one does: who holds a Lease (coordination.k8s.io/v1) of the namespace, and
// says so again and again. What another's clock shows plays no part: a Lease is old when it has not changed
// here for as long as it lasts. Lives on the loop's thread.
class LeaderElection {
 public:
  struct Times {
    Duration lease{10'000};  // who does not renew it for so long has lost it to whoever comes
    Duration renew{7'000};   // who could not renew it for so long knows that he has
    Duration retry{2'000};
  };
  struct Listener {
    std::function<void()> leads;
    std::function<void(const std::string& why)> lost;  // for good: it does not try again
    // For another one than before; or for something else that it takes.
    std::function<void(const std::string& what, bool is_another)> waits;
  };

  LeaderElection(ClusterApi& api, std::string lease, std::string identity, Listener listener)
      : LeaderElection(api, std::move(lease), std::move(identity), std::move(listener), Times{}) {}
  LeaderElection(ClusterApi& api, std::string lease, std::string identity, Listener listener, Times times);

  void begin() { look(); }
  // Gives it back, so that the next one need not wait; calls back once that is done, or cannot be.
  void let_go(std::function<void()> done);

 private:
  // As the cluster has it.
  struct Seen {
    std::string resource_version, holder, renewed_at;
    int64_t transitions = 0;
  };
  void look();
  void on_lease(const Result<HttpResponse>& answer);
  void take(const Seen* before);
  void on_taken(const Result<HttpResponse>& answer);
  void again();
  void hold();
  void lose(const std::string& why);
  std::string body(const Seen* before, bool is_held) const;

  ClusterApi& api_;
  const std::string lease_, identity_;
  const Listener listener_;
  const Times times_;
  ClusterCalls calls_;
  std::optional<Seen> seen_;
  Steady seen_at_;                 // when seen_ was first seen as it is
  std::optional<Steady> held_at_;  // when it was last ours for sure, while we lead
  Steady asked_at_;
  ClusterCalls::Token deadline_ = 0;  // of what it holds: others come after it, whatever is under way here
  std::string waits_for_;
  bool is_over_ = false;
};

}  // namespace studyctl
