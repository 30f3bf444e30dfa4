#include <gtest/gtest.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>

#include "cli/applied_study.h"
#include "cli/run_view.h"
#include "cli/status_text.h"
#include "study/table.h"

namespace studyctl {
namespace {

using namespace std::chrono_literals;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

size_t times(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

constexpr Instant kNow{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)};

Status a_status() {
  Status status;
  status.study = "nmr";
  status.state = RunState::Running;
  status.started_at = kNow - 1min;
  status.updated_at = status.heartbeat_at = kNow;
  status.total = 20;
  status.controller = this_process();
  status.counts.at(static_cast<size_t>(RepetitionState::Running)) = 1;
  status.counts.at(static_cast<size_t>(RepetitionState::Waiting)) = 19;
  Status::Current current;
  current.experiment = "a-molecule-with-a-very-long-name-that-do-ba8d709a4806063b";
  current.started_at = kNow - 3s;
  status.current = {current};
  return status;
}

Status::Failure a_failure() {
  return {"water-b3lyp-0123456789abcdef", "{}", 1, Reason::Error, "exit code 3: no basis", kNow};
}

TEST(LiveLinesTest, NoLineIsWiderThanTheTerminal) {
  Status status = a_status();
  status.failures = {a_failure()};
  status.state_reason = "a reason that goes on and on and on and on and on and on and on";
  for (const size_t width : {20u, 59u, 199u})
    for (const std::string& line : live_lines(status, kNow, width, 50))
      EXPECT_LE(columns_of(line), width) << line;
}

TEST(LiveLinesTest, ALongNameLeavesRoomForWhatIsSaidOfIt) {
  const std::string line = live_lines(a_status(), kNow, 59, 50).at(3);
  EXPECT_TRUE(line.starts_with("running   a-molecule-with")) << line;
  EXPECT_TRUE(has(line, "…") && has(line, "6063b  cycle 1  3s")) << line;
  EXPECT_TRUE(has(live_lines(a_status(), kNow, 199, 50).at(3), "that-do-ba8d709a4806063b  cycle 1  3s"));
}

TEST(LiveLinesTest, AnEtaIsOfARunThatGoesOn) {
  Status status = a_status();
  status.eta_seconds = 90;
  EXPECT_TRUE(has(live_lines(status, kNow, 100, 50).at(1), "ETA 1m 30s"));
  status.state = RunState::Paused;
  EXPECT_FALSE(has(live_lines(status, kNow, 100, 50).at(1), "ETA"));
}

// A terminal, and what was written to it.
class Terminal {
 public:
  explicit Terminal(unsigned short width) {
    EXPECT_EQ(openpty(&master_, &slave_, nullptr, nullptr, nullptr), 0);
    resize(width);
  }
  ~Terminal() {
    close(master_);
    close(slave_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void resize(unsigned short width) const {
    const winsize size{24, width, 0, 0};
    ioctl(slave_, TIOCSWINSZ, &size);
  }
  int fd() const { return slave_; }
  std::string written() const {
    std::string text(1 << 16, 0);
    const ssize_t got = read(master_, text.data(), text.size());
    text.resize(got > 0 ? static_cast<size_t>(got) : 0);
    return text;
  }

 private:
  int master_ = -1, slave_ = -1;
};

class WatchTest : public testing::Test {
 protected:
  void publish(Status status) {
    status.run_id = study_.run_id();
    EXPECT_TRUE(StatusFile(study_.directory().path() / "status.json", clock_).write(status));
  }

  TemporaryDirectory home_;
  std::filesystem::path results_ = home_.path() / "results";
  AppliedStudy study_{results_};
  SystemClock clock_;
};

TEST_F(WatchTest, AFrameIsDrawnOverTheOneBeforeAlsoWhenTheTerminalHasBrokenItsLines) {
  const Terminal terminal(100);
  publish(a_status());
  RunView view(study_.directory().path(), terminal.fd(), clock_);
  EXPECT_TRUE(view.refresh());
  EXPECT_TRUE(has(terminal.written(), "nmr  Running"));
  view.refresh();
  EXPECT_TRUE(has(terminal.written(), "\x1b[4F"));
  terminal.resize(60);
  view.refresh();
  EXPECT_TRUE(has(terminal.written(), "\x1b[5F"));
  view.clear();
  EXPECT_EQ(terminal.written(), "\x1b[4F\x1b[J");
}

TEST_F(WatchTest, ARunThatHasEndedTellsEachFailureOnce) {
  Status status = a_status();
  status.state = RunState::CompletedWithFailures;
  status.failures = {a_failure()};
  publish(status);
  const Said said = type(results_, {"watch"});
  EXPECT_EQ(said.code, 1);
  EXPECT_EQ(times(said.out, "exit code 3: no basis"), 1u) << said.out;
  EXPECT_TRUE(has(said.out, "next: `studyctl retry nmr`")) << said.out;
  EXPECT_FALSE(has(said.out, "\x1b")) << said.out;
}

TEST_F(WatchTest, CtrlCEndsTheViewAlone) {
  publish(a_status());
  sigset_t interrupt;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  sigprocmask(SIG_BLOCK, &interrupt, nullptr);
  kill(getpid(), SIGINT);
  const Said said = type(results_, {"watch", "nmr"});
  EXPECT_EQ(said.code, 0);
  EXPECT_TRUE(has(said.out, "the run goes on: `studyctl stop nmr` stops it")) << said.out;
}

TEST(CommandLineTest, WhatIsNotUnderstoodSaysWhatThereIs) {
  const TemporaryDirectory home;
  EXPECT_TRUE(has(type(home.path(), {"aply"}).err, "did you mean apply?"));
  EXPECT_TRUE(has(type(home.path(), {"get", "pods"}).err, "there is: studies, runs"));
  EXPECT_TRUE(has(type(home.path(), {"apply"}).err, "FILE is missing: The manifest"));
  EXPECT_TRUE(has(type(home.path(), {"get", "runs", "--al"}).err, "`studyctl get runs --help` says more"));
  EXPECT_EQ(type(home.path(), {"get"}).code, 4);
  EXPECT_EQ(type(home.path(), {"--version"}).out, "studyctl " STUDYCTL_VERSION "\n");
}

}  // namespace
}  // namespace studyctl
