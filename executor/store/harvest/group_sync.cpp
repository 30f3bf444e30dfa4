#include "store/harvest/group_sync.h"

#include <utility>

namespace studyctl {

void GroupSync::submit(std::vector<SyncItem> items, Done done) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({std::move(items), std::move(done)});
    if (std::exchange(is_at_work_, true)) return;
  }
  workers_.submit([this] { sync_what_waits(); }, [] {});
}

void GroupSync::sync_what_waits() {
  while (true) {
    std::vector<Request> batch;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) {
        is_at_work_ = false;
        return;
      }
      batch = std::exchange(waiting_, {});
    }
    std::vector<SyncItem> all;
    for (const Request& request : batch) all.insert(all.end(), request.items.begin(), request.items.end());
    const Result<void> synced = sync_all(all);
    for (const Request& request : batch) request.done(synced ? synced : sync_all(request.items));
  }
}

}  // namespace studyctl
