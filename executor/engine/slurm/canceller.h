#pragma once

#include <map>
#include <set>

#include "engine/slurm/answers.h"
#include "engine/slurm/commands.h"

namespace studyctl {

// Ends tasks of Slurm, many by one scancel. What Slurm does not answer to is said again until it does; what
// it no longer knows has ended. Control thread only.
class Canceller {
 public:
  enum class How : unsigned char {
    Term,  // SIGTERM to the workload, by its script
    Kill,  // SIGKILL
    Drop,  // out of the queue, or killed by Slurm with its script
  };

  explicit Canceller(SlurmCommands& commands) : commands_(commands) {}

  void end(const TaskId& task, How how);
  // What was said last may not have been heard yet, and is lost with this object.
  bool is_busy() const { return !waiting_.empty() || under_way_ > 0; }

 private:
  void flush_after(Duration delay);
  void flush();
  void cancel(const std::set<TaskId>& tasks, How how);

  SlurmCommands& commands_;
  std::map<How, std::set<TaskId>> waiting_;
  size_t under_way_ = 0;
  bool has_timer_ = false;
};

}  // namespace studyctl
