#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "store/harvest/sync.h"
#include "store/harvest/worker.h"

namespace studyctl {

// Makes durable, in one go, all that is asked for while the go before it is under way: what ends together
// waits for the disk once. Safe from any thread; `workers` outlives it, and it outlives what they still do.
class GroupSync {
 public:
  using Done = std::function<void(Result<void>)>;

  explicit GroupSync(Workers& workers) : workers_(workers) {}

  // All on the file system of the first that was ever asked for. `done` is told on a worker thread; what
  // cannot be synced is told to who asked for it alone.
  void submit(std::vector<SyncItem> items, Done done);

 private:
  struct Request {
    std::vector<SyncItem> items;
    Done done;
  };
  void sync_what_waits();

  Workers& workers_;
  std::mutex mutex_;
  std::vector<Request> waiting_;
  bool is_at_work_ = false;
};

}  // namespace studyctl
