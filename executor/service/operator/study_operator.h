#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/kubernetes/cluster_api.h"
#include "engine/kubernetes/object_watch.h"
#include "service/operator/apply_thread.h"
#include "service/operator/study_object.h"
#include "store/status.h"

namespace studyctl {

// Whose Studies an operator runs; neither: those of its own namespace.
struct WatchedNamespaces {
  bool all = false;
  std::vector<std::string> names;

  bool is_own_alone() const { return !all && names.empty(); }
  // "namespace lab", "namespaces a, b", "all namespaces"
  std::string text(const std::string& own) const;
};

// Finds out whether a cluster knows Studies, and lets us see them in one of the namespaces. NotFound,
// Unavailable: what is missing.
Result<void> check_studies(const ClusterAccess& access, const WatchedNamespaces& watched);

// Does for Studies what `studyctl apply` and `cancel` do for files: each that is there is applied, each
// change of one too, what is deleted is cancelled first. Says in each what becomes of it. It has a thread and
// a loop of its own.
class StudyOperator {
 public:
  // `service` must outlive it.
  StudyOperator(StudyService& service, const ClusterAccess& access, WatchedNamespaces watched);
  // Runs go on, or are handed over by the service: no object is told.
  ~StudyOperator();

 private:
  struct Followed {
    StudyObject object;         // as last seen
    StudyObjectStatus status;   // as it should be
    StudyObjectStatus written;  // as it is
    std::optional<Steady> written_at;
    int64_t asked_generation = 0;   // of the last apply
    std::string asked_annotations;  // likewise
    std::optional<Steady> apply_again_at;
    bool is_asking = false, is_writing = false, is_holding = false;
    bool was_cancelled = false, is_found = false;
    std::optional<Steady> cancel_again_at, hold_again_at;
    std::filesystem::path directory;  // of its run
    std::filesystem::file_time_type read_at{};
  };

  void run();
  void watch(const std::string& namespace_name);
  std::string name_of_study(const StudyObject& object) const;
  ObjectTask task_for(const Followed& followed, ObjectTask::Kind kind) const;
  void on_shown(const StudyObject& object);
  void look(Followed& followed);
  void release(Followed& followed);
  void hold(Followed& followed, bool is_held);
  static bool is_edited(const Followed& followed);
  void ask_to_apply(Followed& followed);
  void on_outcome(const TaskOutcome& outcome);
  void on_applied(Followed& followed, const TaskOutcome& outcome);
  void on_cancelled(Followed& followed, const TaskOutcome& outcome);
  void refuse(Followed& followed, const Error& error);
  void read_run(Followed& followed);
  void write(Followed& followed);
  void tell(const StudyObject& object, const StudyEvent& event);
  Followed* find(const std::string& uid);

  SystemClock clock_;
  EventLoop loop_;
  const ClusterAccess access_;
  const WatchedNamespaces watched_;
  ApplyThread applies_;
  std::unique_ptr<ClusterApi> api_;
  std::vector<std::unique_ptr<ObjectWatch<StudyObject>>> watches_;
  std::map<std::string, Followed> followed_;  // by uid
  std::atomic<bool> is_ending_{false};
  std::thread thread_;  // last: it uses all of them
};

}  // namespace studyctl
