#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/mailbox.h"
#include "engine/kubernetes/access.h"
#include "service/study_service.h"

namespace studyctl {

// What an operator asks of the service for one object, and what came of it.
struct ObjectTask {
  enum class Kind : uint8_t {
    Apply,
    Find,    // where the files of its run are
    Cancel,  // what runs of it
  };
  Kind kind = Kind::Apply;
  std::string uid, name, namespace_name;
  std::string study;       // what the results call it
  std::string manifest;    // Apply
  std::string run_id;      // Find; Cancel: of the newest of its name where it is empty
  int64_t generation = 0;  // Apply
  bool was_told = false;   // Cancel: look only whether it is over
};
struct TaskOutcome {
  ObjectTask task;
  std::optional<Error> error;
  Applied applied;                  // Apply
  std::filesystem::path directory;  // of the run; empty where there is none
  bool is_over = false;             // Cancel: nothing of it runs
};

// Does what may take seconds, one after the other, off the thread that listens to the cluster.
class ApplyThread {
 public:
  // `wake`: something can be drained. All that it is given must outlive it.
  ApplyThread(StudyService& service, ClusterAccess access, std::function<void()> wake);
  // What waits is dropped; what is under way is ended first.
  ~ApplyThread();

  void post(ObjectTask task);
  std::vector<TaskOutcome> drain() { return outcomes_.drain(); }

 private:
  void run();
  class ClusterReader& reader_for(const std::string& namespace_name);
  void apply(TaskOutcome& outcome);
  void find(TaskOutcome& outcome);
  void cancel(TaskOutcome& outcome);

  StudyService& service_;
  const ClusterAccess access_;
  std::map<std::string, std::unique_ptr<class ClusterReader>> readers_;  // by namespace; of the thread alone
  Mailbox<TaskOutcome> outcomes_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<ObjectTask> tasks_;
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace studyctl
