#include "store/harvest/worker.h"

#include <gtest/gtest.h>

#include <future>
#include <set>

#include "base/mailbox.h"

namespace studyctl {
namespace {

// A mailbox that a test can wait at.
class Results {
 public:
  void post(int value) { mailbox_.post(value); }
  std::vector<int> wait_for(size_t count) {
    std::vector<int> all;
    while (all.size() < count) {
      std::unique_lock lock(mutex_);
      posted_.wait(lock, [this] { return posts_ > 0; });
      posts_ = 0;
      lock.unlock();
      for (const int value : mailbox_.drain()) all.push_back(value);
    }
    return all;
  }

 private:
  void wake() {
    {
      const std::lock_guard lock(mutex_);
      ++posts_;
    }
    posted_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable posted_;
  int posts_ = 0;
  Mailbox<int> mailbox_{[this] { wake(); }};
};

TEST(Workers, HandBackEveryResult) {
  Results results;
  Workers workers(2);
  for (int i = 0; i < 1000; ++i)
    workers.submit([i] { return i * i; }, [&](int square) { results.post(square); });
  const std::vector<int> all = results.wait_for(1000);
  const std::set<int> different(all.begin(), all.end());
  EXPECT_EQ(different.size(), 1000u);
  EXPECT_EQ(*different.rbegin(), 999 * 999);
}

TEST(Workers, BeginJobsInTheirOrder) {
  Results results;
  Workers workers(1);
  for (int i = 0; i < 100; ++i) workers.submit([i] { return i; }, [&](int value) { results.post(value); });
  const std::vector<int> all = results.wait_for(100);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(all[static_cast<size_t>(i)], i);
}

TEST(Workers, WorkAwayFromTheCallersThread) {
  std::promise<std::thread::id> where;
  Workers workers(1);
  workers.submit([] { return std::this_thread::get_id(); }, [&](std::thread::id id) { where.set_value(id); });
  EXPECT_NE(where.get_future().get(), std::this_thread::get_id());
}

TEST(Workers, RunWorkThatHasNoResult) {
  std::promise<void> done;
  Workers workers(1);
  workers.submit([] {}, [&] { done.set_value(); });
  done.get_future().get();
}

TEST(Workers, WaitForWhatRunsAndDropWhatHasNotBegunWhenTheyEnd) {
  std::promise<void> begun, go_on;
  auto gate = go_on.get_future();
  int ended = 0;
  bool dropped_ran = false;
  std::thread opener;
  {
    Workers workers(1);
    workers.submit(
        [&] {
          begun.set_value();
          gate.wait();
        },
        [&] { ++ended; });
    workers.submit([&] { dropped_ran = true; }, [] {});
    begun.get_future().wait();
    EXPECT_EQ(workers.unfinished(), 2u);
    // Destruction drops the second job before it waits for the first, and only then may that end.
    opener = std::thread([&] {
      while (workers.unfinished() == 2) std::this_thread::yield();
      go_on.set_value();
    });
  }
  opener.join();
  EXPECT_EQ(ended, 1);
  EXPECT_FALSE(dropped_ran);
}

}  // namespace
}  // namespace studyctl
