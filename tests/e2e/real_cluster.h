#pragma once

#include <memory>
#include <string>
#include <utility>

#include "any_engine.h"
#include "engine/kubernetes/cluster_nodes.h"
#include "engine/kubernetes/kubernetes_engine.h"
#include "service/kubeconfig.h"

namespace studyctl {

// A KubernetesEngine on a real cluster, whose nodes see this machine's files, with a volume of its own: what
// is left of it is removed at the end.
class RealCluster final : public AnyEngine {
 public:
  // `kubeconfig`: the path of one.
  explicit RealCluster(const std::string& kubeconfig, std::string volume = random_uuid())
      : AnyEngine(std::move(volume)) {
    setenv("KUBECONFIG", kubeconfig.c_str(), 1);
    const auto files = read_kubeconfigs();
    if (!files) throw std::runtime_error(files.error().message);
    auto found = access_from(*files, "");
    if (!found) throw std::runtime_error(found.error().message);
    access_ = *std::move(found);
    options_.patience = {std::chrono::seconds(3), std::chrono::seconds(3)};
    begin();
  }
  ~RealCluster() override { clear(); }

  size_t left() override { return jobs() + pods().size(); }
  void kill(const AttemptId& id) override { remove(id); }
  void remove(const AttemptId& id) override {
    for (const PodView& pod : pods()) {
      if (pod.attempt == id.text) ask(api().remove_pod(pod.name, Duration(1000)));
    }
  }
  bool has_exited(const AttemptId& id) override {
    for (const PodView& pod : pods()) {
      if (pod.attempt == id.text) return pod.main.has_ended;
    }
    return false;
  }
  std::string shown(const AttemptId& id) override {
    return ask(api().get_pods("?labelSelector=studyctl.io%2Fattempt-id%3D" + id.text)).body;
  }

  std::vector<PodView> pods() {
    auto list = parse_pod_list(ask(api().get_pods(selector())).body);
    return list ? list->objects : std::vector<PodView>();
  }
  size_t jobs() { return parse_job_list(ask(api().get_jobs(selector())).body).runs.size(); }

  // A call to the cluster behind our back.
  HttpResponse ask(HttpRequest request) {
    std::optional<HttpResponse> answer;
    api().ask(std::move(request), [&answer](HttpResponse got) { answer = std::move(got); });
    until([&] { return answer.has_value(); });
    return answer.value_or(HttpResponse{});
  }
  ClusterApi& api() {
    if (!api_) api_ = std::make_unique<ClusterApi>(loop, access_);
    return *api_;
  }

 private:
  std::unique_ptr<Engine> make(ObservationSink sink) override {
    return std::make_unique<KubernetesEngine>(loop, access_, std::move(sink), volume(), options_);
  }
  std::string selector() const { return "?labelSelector=studyctl.io%2Fvolume%3D" + volume(); }

  ClusterAccess access_;
  ClusterOptions options_;
  std::unique_ptr<ClusterApi> api_;
};

}  // namespace studyctl
