#include "base/mailbox.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace studyctl {
namespace {

TEST(Mailbox, HandsOverInOrderAndOnce) {
  int wakes = 0;
  Mailbox<int> mailbox([&] { ++wakes; });
  mailbox.post(1);
  mailbox.post(2);
  EXPECT_EQ(wakes, 2);
  EXPECT_EQ(mailbox.drain(), (std::vector<int>{1, 2}));
  EXPECT_TRUE(mailbox.drain().empty());
}

TEST(Mailbox, LosesNothingBetweenThreads) {
  std::atomic<int> wakes = 0;
  Mailbox<int> mailbox([&] { ++wakes; });
  std::vector<std::thread> posters;
  for (int i = 0; i < 4; ++i) {
    posters.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) mailbox.post(j);
    });
  }
  size_t got = 0;
  while (got < 4000) got += mailbox.drain().size();
  for (std::thread& poster : posters) poster.join();
  EXPECT_EQ(got, 4000u);
  EXPECT_EQ(wakes, 4000);
}

}  // namespace
}  // namespace studyctl
