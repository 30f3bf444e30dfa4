#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/kubernetes/cluster_api.h"
#include "engine/kubernetes/cluster_warnings.h"
#include "engine/kubernetes/job_body.h"
#include "engine/kubernetes/pod.h"
#include "engine/kubernetes/pod_log.h"

namespace studyctl {

// How long a pod may be unable to begin before it is refused, and to send anything of what it left.
struct ClusterPatience {
  Duration image{std::chrono::minutes(2)};
  Duration container{std::chrono::seconds(20)};
  Duration files{std::chrono::minutes(10)};
};

struct ClusterOptions {
  ClusterPatience patience{};
  // Whether another controller of this process drives a run: what is there of it is left alone. May be empty.
  std::function<bool(const std::string& run)> is_of_another{};
  ClaimedDirectory results{};
  CarryOptions carry{};
  bool looks_only = false;  // nothing will run
};

// One attempt as one Job, from create() to Gone. Nothing is in the cluster before start(): a Job that is
// there runs. It only moves forward, and tells each step once.
class ClusterAttempt {
 public:
  using Tell = std::function<void(Observation)>;

  ClusterAttempt(ClusterApi& api, ClusterWarnings& warnings, const ClusterOptions& options, AttemptSpec spec,
                 Tell tell);
  ~ClusterAttempt();
  ClusterAttempt(const ClusterAttempt&) = delete;
  ClusterAttempt& operator=(const ClusterAttempt&) = delete;

  void create();
  // Takes over what a dead controller left in the cluster: its Job, and its pods as far as there are any.
  void adopt(std::vector<PodView> pods);
  void start();
  void stop(Duration grace);
  void forget();
  // Tells its last observation again.
  void repeat();

  // What the watch shows of its pods. Of several the first counts.
  void on_pod(const PodView& pod);
  void on_deleted(const PodView& pod);

 private:
  enum class Stage : uint8_t {
    New,
    Created,
    Posting,
    Waiting,
    Running,
    Collecting,
    Carrying,  // its logs are here, and what it left is on its way
    Ended,
    Leaving
  };

  // What is to be done, however long the cluster does not let it; what it says meanwhile is shown.
  ClusterCalls::Token insist(const HttpRequest& request, std::function<void(HttpResponse)> done);
  void on_held(const std::string& why);
  void take_back();
  void post_secret();
  void post_job();
  void on_posted(const HttpResponse& response);
  void on_name_taken(const HttpResponse& response);
  void on_waiting(const std::string& message);
  void look_at_warnings();
  void on_warning(const ClusterWarning& warning);
  bool is_unmountable(const ClusterWarning& warning);
  void look_for_job();
  void on_stuck(const PodVerdict& verdict);
  void on_running(const PodView& pod);
  std::filesystem::path first_pod_file() const { return spec_.scratch / "pod"; }
  bool is_first_pod(const PodView& pod);
  void give_up_second();
  void collect(const PodView& pod, const PodVerdict& verdict);
  void explain_kill(const PodView& pod);
  void collect_init(size_t index);
  void collect_main();

  // cluster_attempt_carry.cpp: files that are carried
  bool open_depot();
  void say_main_ended();
  void await_files();
  void look_for_files();
  void give_up_files(const std::string& why);
  Duration stop_patience(Duration grace) const;
  void hasten_end();
  std::optional<Depot> depot() const;
  void settle();
  void end_pod();
  void part_from_job(std::function<void(const HttpResponse&)> then);
  void on_parted();
  void delete_pod();
  void remind_of_deletion();
  void refuse(Reason reason, const std::string& message);
  void miss(const std::string& message);
  void remove_job();
  void on_job_removed(const HttpResponse& response);
  void on_other_pod(const PodView& pod);
  void leave(std::string failure);
  void again(Duration delay, void (ClusterAttempt::*what)());
  void progress(const std::string& message);
  void wait_in_line(const std::string& message);
  void remark(const std::string& message);
  Observation observation(Observation::Phase phase) const;
  void tell(Observation observation);

  ClusterApi& api_;
  ClusterWarnings& warnings_;
  const ClusterPatience& patience_;
  const ClaimedDirectory& results_;
  const CarryOptions& carry_;
  AttemptSpec spec_;
  Tell tell_;
  Stage stage_ = Stage::New;
  std::optional<Observation> last_;
  std::optional<PodView> pod_;
  Observation end_;  // while its logs are collected
  struct OnTheWay {
    std::filesystem::file_time_type heard{};
    Steady moved_at{};
    bool is_pod_gone = false;
    std::string obstacle{};  // what keeps those that are here from their places
  };
  OnTheWay files_;
  std::optional<Duration> stop_grace_;
  bool is_ending_pod_ = false;
  std::optional<Steady> overlooked_until_;  // the grace of a deletion that its node may have overlooked
  bool is_job_gone_ = false;
  std::function<void()> parted_;  // what waits for its pod to be parted from its Job
  bool is_second_ = false;        // its pod is not the one that ran first: nothing that it does is used
  std::optional<Steady> stuck_since_;
  std::optional<Instant> unmountable_since_;  // by the cluster's clock
  std::string why_;                           // it waits, as the cluster warns
  std::string remarked_;
  std::unique_ptr<PodLog> log_;
  ClusterCalls::Token post_ = 0;         // of what makes it
  ClusterCalls::Token timer_ = 0;        // of what waits; 0 when none is on
  ClusterWarnings::Token asked_ = 0;     // for what is said about it; 0 when nothing is
  ClusterCalls::Token birth_timer_ = 0;  // of what is stopped while it is made
  ClusterCalls calls_;
};

}  // namespace studyctl
