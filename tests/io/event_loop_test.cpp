#include "io/event_loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "io/fake_clock.h"
#include "io/run_until.h"

namespace studyctl {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Pipe {
  Fd reading, writing;

  Pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) std::abort();
    reading = Fd(ends[0]);
    writing = Fd(ends[1]);
  }
  void fill() const { ASSERT_EQ(write(writing.get(), "x", 1), 1); }
};

class EventLoops : public testing::Test {
 protected:
  FakeClock clock_;
  EventLoop loop_{clock_};
};

TEST_F(EventLoops, CallsBackWhenADescriptorIsReadable) {
  const Pipe pipe;
  uint32_t seen = 0;
  loop_.watch(pipe.reading.get(), EPOLLIN, [&](uint32_t events) { seen = events; });
  loop_.run_once(Duration(0));
  EXPECT_EQ(seen, 0u);
  pipe.fill();
  loop_.run_once(seconds(10));
  EXPECT_EQ(seen, uint32_t{EPOLLIN});
}

TEST_F(EventLoops, WatchingAgainChangesEventsAndCallback) {
  const Pipe pipe;
  std::string seen;
  loop_.watch(pipe.writing.get(), EPOLLOUT, [&](uint32_t) { seen += "first "; });
  loop_.run_once(seconds(10));
  loop_.watch(pipe.writing.get(), EPOLLIN, [&](uint32_t) { seen += "never "; });
  loop_.run_once(Duration(0));
  loop_.watch(pipe.writing.get(), EPOLLOUT, [&](uint32_t) { seen += "third"; });
  loop_.run_once(seconds(10));
  EXPECT_EQ(seen, "first third");
}

TEST_F(EventLoops, IsSilentAboutADescriptorThatIsNoLongerWatched) {
  const Pipe pipe;
  pipe.fill();
  int calls = 0;
  loop_.watch(pipe.reading.get(), EPOLLIN, [&](uint32_t) { ++calls; });
  loop_.unwatch(pipe.reading.get());
  loop_.unwatch(pipe.reading.get());
  loop_.run_once(Duration(0));
  EXPECT_EQ(calls, 0);
}

TEST_F(EventLoops, ACallbackMayRemoveItselfAndTheOthersThatAreReady) {
  const Pipe first, second;
  first.fill();
  second.fill();
  int calls = 0;
  // What it captures must outlive the removal.
  const auto remove_both = [&, kept = std::string(100, 'x')](uint32_t) {
    ++calls;
    loop_.unwatch(first.reading.get());
    loop_.unwatch(second.reading.get());
    EXPECT_EQ(kept, std::string(100, 'x'));
  };
  loop_.watch(first.reading.get(), EPOLLIN, remove_both);
  loop_.watch(second.reading.get(), EPOLLIN, remove_both);
  loop_.run_once(seconds(10));
  loop_.run_once(Duration(0));
  EXPECT_EQ(calls, 1);
}

TEST_F(EventLoops, ACallbackMayReplaceItself) {
  const Pipe pipe;
  pipe.fill();
  std::string seen;
  loop_.watch(pipe.reading.get(), EPOLLIN, [&, kept = std::string(100, 'x')](uint32_t) {
    loop_.watch(pipe.reading.get(), EPOLLIN, [&](uint32_t) { seen += "second"; });
    seen += kept.substr(0, 2);
  });
  loop_.run_once(seconds(10));
  loop_.run_once(seconds(10));
  EXPECT_EQ(seen, "xxsecond");
}

TEST_F(EventLoops, AnEventOfAClosedDescriptorDoesNotReachTheNextOneWithItsNumber) {
  const Pipe trigger;
  auto closed = std::make_unique<Pipe>();
  trigger.fill();
  closed->fill();
  const Pipe next;  // empty: no event of its own
  int wrong = 0;
  const int number = closed->reading.get();
  bool replaced = false;
  const auto replace = [&](uint32_t) {
    if (replaced) return;
    replaced = true;
    loop_.unwatch(trigger.reading.get());
    loop_.unwatch(number);
    ASSERT_EQ(dup3(next.reading.get(), number, O_CLOEXEC), number);
    loop_.watch(number, EPOLLIN, [&](uint32_t) { ++wrong; });
  };
  loop_.watch(trigger.reading.get(), EPOLLIN, replace);
  loop_.watch(number, EPOLLIN, replace);
  loop_.run_once(seconds(10));
  EXPECT_TRUE(replaced);
  EXPECT_EQ(wrong, 0);
  loop_.unwatch(number);
}

TEST_F(EventLoops, SaysInItsLogWhatCannotBeWaitedForAndGoesOn) {
  const Fd file(open("/proc/self/stat", O_RDONLY | O_CLOEXEC));
  int calls = 0;
  loop_.watch(file.get(), EPOLLIN, [&](uint32_t) { ++calls; });
  loop_.after(Duration(0), [&] { calls += 10; });
  loop_.run_once(seconds(10));
  EXPECT_EQ(calls, 10);
}

TEST_F(EventLoops, TimersComeInTheOrderOfTheirTimes) {
  std::string order;
  loop_.after(seconds(3), [&] { order += "c"; });
  loop_.after(seconds(1), [&] { order += "a"; });
  loop_.after(seconds(1), [&] { order += "b"; });
  clock_.advance(milliseconds(999));
  loop_.run_once(Duration(0));
  EXPECT_EQ(order, "");
  clock_.advance(milliseconds(1));
  loop_.run_once(hours(1));
  EXPECT_EQ(order, "ab");
  clock_.advance(hours(1));
  loop_.run_once(hours(1));
  EXPECT_EQ(order, "abc");
}

TEST_F(EventLoops, ATimerFiresOnce) {
  int calls = 0;
  loop_.after(seconds(1), [&] { ++calls; });
  for (int i = 0; i < 3; ++i) {
    clock_.advance(seconds(5));
    loop_.run_once(Duration(0));
  }
  EXPECT_EQ(calls, 1);
}

TEST_F(EventLoops, ACancelledTimerDoesNotFire) {
  std::string order;
  EventLoop::Token second = 0;
  const auto cancelled = loop_.after(seconds(1), [&] { order += "x"; });
  loop_.after(seconds(2), [&] {
    order += "a";
    loop_.cancel(second);
  });
  second = loop_.after(seconds(2), [&] { order += "b"; });
  loop_.cancel(cancelled);
  loop_.cancel(cancelled);
  loop_.cancel(12345);
  clock_.advance(seconds(10));
  loop_.run_once(Duration(0));
  EXPECT_EQ(order, "a");
}

TEST_F(EventLoops, ATimerThatAlwaysComesBackDoesNotHoldUpTheTurn) {
  int calls = 0;
  std::function<void()> again = [&] {
    ++calls;
    loop_.after(Duration(0), again);
  };
  loop_.after(Duration(-5), again);
  loop_.run_once(Duration(0));
  EXPECT_EQ(calls, 1);
  loop_.run_once(hours(1));
  EXPECT_EQ(calls, 2);
}

TEST(EventLoop, WaitsForATimerOfTheRealClockAndNotLonger) {
  SystemClock clock;
  EventLoop loop(clock);
  const Steady began = clock.steady();
  bool fired = false;
  const auto early = loop.after(milliseconds(5), [] {});
  loop.after(milliseconds(30), [&] { fired = true; });
  loop.cancel(early);
  ASSERT_TRUE(run_until(loop, [&] { return fired; }));
  EXPECT_GE(clock.steady() - began, milliseconds(30));
}

TEST(EventLoop, AnEarlierTimerMovesTheRing) {
  SystemClock clock;
  EventLoop loop(clock);
  loop.after(hours(1), [] { FAIL() << "an hour early"; });
  loop.run_once(Duration(1));
  bool fired = false;
  loop.after(milliseconds(10), [&] { fired = true; });
  const Steady began = clock.steady();
  while (!fired) loop.run_once(hours(2));
  EXPECT_LT(clock.steady() - began, seconds(10));
}

TEST_F(EventLoops, WakesFromAnotherThread) {
  std::thread other([&] { loop_.wake(); });
  loop_.run_once(hours(1));
  other.join();
  // One wake is one turn.
  const auto began = std::chrono::steady_clock::now();
  loop_.run_once(milliseconds(20));
  EXPECT_GE(std::chrono::steady_clock::now() - began, milliseconds(15));
}

TEST_F(EventLoops, TellsWhenAProcessHasEnded) {
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  int calls = 0;
  ASSERT_TRUE(loop_.on_process_end(child, [&] { ++calls; }));
  loop_.run_once(Duration(0));
  EXPECT_EQ(calls, 0);
  ASSERT_EQ(kill(child, SIGKILL), 0);
  ASSERT_TRUE(run_until(loop_, [&] { return calls > 0; }));
  loop_.run_once(Duration(0));
  EXPECT_EQ(calls, 1);
  waitpid(child, nullptr, 0);
}

TEST_F(EventLoops, TellsOfAProcessThatIsNotThere) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  int calls = 0;
  ASSERT_TRUE(loop_.on_process_end(child, [&] { ++calls; }));
  EXPECT_EQ(calls, 0) << "never from within the call";
  loop_.run_once(seconds(10));
  EXPECT_EQ(calls, 1);
}

TEST_F(EventLoops, ACancelledProcessWatchIsSilent) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  const auto first = loop_.on_process_end(child, [] { FAIL(); });
  ASSERT_TRUE(first);
  loop_.cancel_process_watch(*first);
  waitpid(child, nullptr, 0);
  const auto second = loop_.on_process_end(child, [] { FAIL(); });
  ASSERT_TRUE(second);
  loop_.cancel_process_watch(*second);
  loop_.cancel_process_watch(*second);
  loop_.run_once(Duration(0));
}

TEST_F(EventLoops, RefusesWhatIsNoProcess) {
  const auto none = loop_.on_process_end(0, [] { FAIL(); });
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message, "cannot watch process 0: Invalid argument");
}

}  // namespace
}  // namespace studyctl
