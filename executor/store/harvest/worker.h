#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace studyctl {

// A few threads for work that waits for the disk, so that the control thread never does. Jobs begin in the
// order in which they were given. Destruction waits for the jobs that run; those that have not begun never
// do, and their `done` is never called.
class Workers {
 public:
  explicit Workers(size_t threads);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Runs `work()` on one of the threads, then `done(result)` on the same one: let it post to a Mailbox. Safe
  // from any thread; returns at once. What both use must outlive this object.
  template <class Work, class Done>
  void submit(Work work, Done done) {
    if constexpr (std::is_void_v<std::invoke_result_t<Work&>>) {
      enqueue([work = std::move(work), done = std::move(done)]() mutable {
        work();
        done();
      });
    } else {
      enqueue([work = std::move(work), done = std::move(done)]() mutable { done(work()); });
    }
  }

  // Jobs that have been given and have not ended.
  size_t unfinished() const;

 private:
  void enqueue(std::function<void()> job);
  void run();

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  size_t running_ = 0;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace studyctl
