#include "engine/docker/start_throttle.h"

#include <gtest/gtest.h>

#include <string>

#include "io/fake_clock.h"

namespace studyctl {
namespace {

using Work = StartThrottle::Work;

class Throttle : public ::testing::Test {
 protected:
  // One window of starts that each take `each`.
  void starts(Duration each, int count = 20) {
    for (int i = 0; i < count; ++i) {
      const auto ticket = throttle_.enter(Work::Start, [] {});
      clock_.advance(each);
      throttle_.leave(ticket);
    }
  }
  FakeClock clock_;
  StartThrottle throttle_{clock_, 4};
};

TEST_F(Throttle, LetsInAsManyAsThereAreSlots) {
  std::string order;
  std::vector<StartThrottle::Ticket> tickets;
  for (const char name : {'a', 'b', 'c', 'd', 'e'}) {
    tickets.push_back(throttle_.enter(Work::Create, [&order, name] { order += name; }));
  }
  EXPECT_EQ(order, "abcd");
  throttle_.leave(tickets[1]);
  EXPECT_EQ(order, "abcde");
}

TEST_F(Throttle, LetsStartsInBeforeCreations) {
  StartThrottle one(clock_, 1);
  std::string order;
  const auto first = one.enter(Work::Create, [&] { order += "1"; });
  one.enter(Work::Create, [&] { order += "c"; });
  const auto start = one.enter(Work::Start, [&] { order += "s"; });
  one.leave(first);
  EXPECT_EQ(order, "1s");
  one.leave(start);
  EXPECT_EQ(order, "1sc");
}

TEST_F(Throttle, ForgetsWhoLeavesTheQueue) {
  StartThrottle one(clock_, 1);
  std::string order;
  const auto first = one.enter(Work::Create, [&] { order += "1"; });
  const auto second = one.enter(Work::Create, [&] { order += "2"; });
  one.leave(second);
  one.leave(first);
  one.leave(first);
  EXPECT_EQ(order, "1");
  one.enter(Work::Create, [&] { order += "3"; });
  EXPECT_EQ(order, "13");
}

TEST_F(Throttle, GivesFewerSlotsWhileStartsAreSlow) {
  starts(Duration(200));
  EXPECT_EQ(throttle_.slots(), 4);
  starts(Duration(2000));
  EXPECT_EQ(throttle_.slots(), 2);
  starts(Duration(2000));
  starts(Duration(2000));
  EXPECT_EQ(throttle_.slots(), 1);
}

TEST_F(Throttle, GivesThemBackWhenStartsAreQuickAgain) {
  starts(Duration(200));
  starts(Duration(5000));
  EXPECT_EQ(throttle_.slots(), 2);
  starts(Duration(250));
  EXPECT_EQ(throttle_.slots(), 3);
  starts(Duration(250));
  starts(Duration(250));
  EXPECT_EQ(throttle_.slots(), 4);
}

TEST_F(Throttle, IsNotAlarmedByStartsThatAreQuickAnyway) {
  starts(Duration(10));
  starts(Duration(1000));
  EXPECT_EQ(throttle_.slots(), 4);
}

}  // namespace
}  // namespace studyctl
