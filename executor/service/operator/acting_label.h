#pragma once

#include <optional>
#include <string>

#include "engine/kubernetes/cluster_api.h"

namespace studyctl {

// The label of this process's pod by which a Service finds the one of several replicas that acts. Lives on
// the loop's thread.
class ActingLabel {
 public:
  static constexpr char kName[] = "studyctl.io/acts";  // "true", or not there

  ActingLabel(ClusterApi& api, std::string pod) : calls_(api), api_(api), pod_(std::move(pod)) {}

  // Says it to the cluster until the cluster has it.
  void say(bool acts);
  // The pod has the label that it was last told to have.
  bool is_said() const { return said_ && *said_ == wanted_; }

 private:
  void ask();
  void on_answer(bool acts, const HttpResponse& answer);
  void warn(const std::string& why);

  ClusterCalls calls_;
  ClusterApi& api_;
  const std::string pod_;
  bool wanted_ = false;
  bool is_asking_ = false;
  std::optional<bool> said_;
  std::string warned_of_;
};

}  // namespace studyctl
