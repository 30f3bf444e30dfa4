#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/engine.h"
#include "engine/kubernetes/cluster_api.h"
#include "engine/kubernetes/cluster_attempt.h"
#include "engine/kubernetes/pod.h"
#include "io/event_loop.h"

namespace studyctl {

// A cluster, of which one namespace is used: a Job for each attempt, which is made when it is to start.
class KubernetesEngine final : public Engine {
 public:
  KubernetesEngine(EventLoop& loop, ClusterAccess access, ObservationSink sink, std::string volume,
                   ClusterOptions options = {});

  // Without the right to see nodes, a cluster is taken to have room for everything: it lets wait what has
  // none.
  void inspect(std::function<void(Result<Inventory>)> done) override;
  // Its nodes pull images, each for itself: there is nothing to do, and no digest to tell before a start.
  void prepare_image(const std::string& image, PullPolicy policy,
                     std::function<void(Result<std::string>)> done) override;
  void try_out(const AttemptSpec& spec, std::function<void(Result<void>)> done) override;
  void create(const AttemptSpec& spec) override;
  void start(const AttemptId& attempt) override;
  void stop(const AttemptId& attempt, Duration grace) override;
  void forget(const AttemptId& attempt) override;
  // A Job that has no pod yet, or one that waits, is told as Preparing, and that counts as its first
  // observation.
  void resync(std::vector<Expected> expected, std::function<void(Result<void>)> done) override;
  std::string trouble() const override { return api_.trouble(); }
  std::string command_line(const AttemptSpec& spec) const override;

 private:
  struct Resync {
    std::vector<Expected> expected;
    std::function<void(Result<void>)> done;
    std::set<std::string> jobs;  // those that may have a pod yet; with the run of each that is there
    std::unordered_map<std::string, std::string> runs;
  };
  void on_version(const HttpResponse& response, std::function<void(Result<Inventory>)> done);
  void list_jobs(const std::string& next);
  void on_jobs(const HttpResponse& response);
  void on_all_listed();
  void take_up(const Expected& one);
  void miss(const AttemptId& attempt);
  void remove_strangers();
  void end_resync(Result<void> result);
  ClusterAttempt* find(const AttemptId& attempt);
  ClusterAttempt& add(const AttemptSpec& spec);
  void tell(Observation observation);
  void deliver();
  void on_pod(const PodView& pod);
  void on_strange_pod(const PodView& pod);
  void on_deleted(const PodView& pod);

  ObservationSink sink_;
  std::string volume_;
  ClusterOptions options_;
  ClusterApi api_;
  ObjectWatch<PodView> watch_;
  ClusterWarnings warnings_{api_};
  std::unordered_map<AttemptId, std::unique_ptr<ClusterAttempt>> attempts_;
  std::set<std::string> runs_;  // that it has been asked to run attempts of
  std::vector<Observation> told_;
  std::unique_ptr<Resync> resync_;
};

}  // namespace studyctl
