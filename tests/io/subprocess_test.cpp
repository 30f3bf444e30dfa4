#include "io/subprocess.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <optional>
#include <string>

#include "base/temporary_directory.h"
#include "io/run_until.h"

namespace studyctl {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Program shell(const std::string& script) {
  return {{"sh", "-c", script}, {}, {}};
}

bool is_alive(int pid) {
  return kill(pid, 0) == 0;
}

// What a child wrote into a pipe until `end`, waiting for it.
class Reader {
 public:
  Reader() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
    reading_ = Fd(ends[0]);
    writing_ = Fd(ends[1]);
  }
  int fd() const { return writing_.get(); }
  std::string line() const {
    std::string text;
    for (char c = 0; read(reading_.get(), &c, 1) == 1 && c != '\n';) text += c;
    return text;
  }
  bool is_at_end() {
    writing_ = Fd();
    char c = 0;
    return read(reading_.get(), &c, 1) == 0;
  }

 private:
  Fd reading_, writing_;
};

TEST(RunProgram, BringsOutputAndExitCode) {
  const auto ran = run_program(shell("echo out; echo err >&2; exit 3"));
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->out, "out\n");
  EXPECT_EQ(ran->err, "err\n");
  EXPECT_EQ(ran->end.exit_code, 3);
  EXPECT_EQ(ran->end.text(), "exit code 3");
  EXPECT_FALSE(ran->end.is_success());
  EXPECT_FALSE(ran->is_cut);
}

TEST(RunProgram, InterpretsNoWord) {
  const auto ran = run_program({{"printf", "%s|%s", "$HOME; `id` *", ""}, {}, {}});
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->out, "$HOME; `id` *|");
  EXPECT_TRUE(ran->end.is_success());
}

TEST(RunProgram, SaysThatThereIsNoSuchProgram) {
  const auto ran = run_program({{"nvidia-smi-that-is-not-there"}, {}, {}});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, ErrorCode::NotFound);
  EXPECT_EQ(ran.error().message, "nvidia-smi-that-is-not-there: No such file or directory");
  EXPECT_EQ(run_program({}).error().code, ErrorCode::Invalid);
}

TEST(RunProgram, SaysWhichSignalEndedIt) {
  const auto ran = run_program(shell("kill -9 $$"));
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->end.signal, SIGKILL);
  EXPECT_EQ(ran->end.exit_code, 137);
  EXPECT_EQ(ran->end.text(), "signal 9 (Killed)");
}

TEST(RunProgram, KeepsNoMoreThanAllowedAndReadsTheRest) {
  ProgramLimits limits;
  limits.bytes = 1000;
  const auto ran = run_program(shell("head -c 3000000 /dev/zero; echo end >&2"), limits);
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->out.size(), 1000u);
  EXPECT_EQ(ran->err, "end\n");
  EXPECT_TRUE(ran->is_cut);
  EXPECT_TRUE(ran->end.is_success());
}

TEST(RunProgram, KillsWhatTakesTooLongWithItsChildren) {
  Reader reader;
  const std::string path = "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(reader.fd());
  ProgramLimits limits;
  limits.time = milliseconds(200);
  const auto ran = run_program(shell("sleep 1000 > " + path + " & wait"), limits);
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, ErrorCode::Unavailable);
  EXPECT_EQ(ran.error().message, "sh: did not end within 0.2s and was killed");
  EXPECT_TRUE(reader.is_at_end()) << "a child holds the pipe until it is killed";
}

TEST(RunProgram, AFastWriterIsKilledInTimeToo) {
  ProgramLimits limits;
  limits.time = milliseconds(100);
  EXPECT_FALSE(run_program(shell("yes"), limits));
}

TEST(RunProgram, DoesNotWaitForAGrandchildThatHoldsTheOutputOpen) {
  const auto ran = run_program(shell("sleep 5 & echo $!"));
  ASSERT_TRUE(ran);
  const int grandchild = std::stoi(ran->out);
  EXPECT_TRUE(is_alive(grandchild));
  kill(grandchild, SIGKILL);
}

TEST(RunProgram, GivesItsEnvironmentAndDirectory) {
  const TemporaryDirectory directory;
  Program command = shell("echo $A $HOME; pwd -P; echo ${PATH:+path}");
  command.environment = {{"A", "1"}, {"HOME", "/nowhere"}};
  command.directory = directory.path();
  const auto ran = run_program(command);
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->out, "1 /nowhere\n" + std::filesystem::canonical(directory.path()).string() + "\npath\n");
}

TEST(RunProgram, TheChildGetsNoneOfOurDescriptorsAndNoBlockedSignals) {
  const Fd leak(open("/dev/null", O_RDONLY));  // without O_CLOEXEC
  const Fd high_leak(fcntl(leak.get(), F_DUPFD, 100));
  ASSERT_TRUE(high_leak);
  sigset_t blocked, old;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, &old);
  const auto ran = run_program(shell("ls /proc/$$/fd; grep SigBlk /proc/self/status; cat"));
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->out, "0\n1\n2\nSigBlk:\t0000000000000000\n");
}

class ProgramTasks : public testing::Test {
 protected:
  SystemClock clock_;
  EventLoop loop_{clock_};
};

TEST_F(ProgramTasks, RunsManyAtOnceWithoutBlocking) {
  std::vector<std::unique_ptr<ProgramTask>> tasks;
  tasks.reserve(10);
  std::vector<std::string> outputs;
  for (int i = 0; i < 10; ++i) {
    tasks.push_back(std::make_unique<ProgramTask>(loop_, Program{{"echo", std::to_string(i)}, {}, {}},
                                                  ProgramLimits{}, [&](const Result<ProgramOutput>& output) {
                                                    ASSERT_TRUE(output);
                                                    outputs.push_back(output->out);
                                                  }));
  }
  EXPECT_TRUE(outputs.empty());
  EXPECT_TRUE(run_until(loop_, [&] { return outputs.size() == 10; }));
}

TEST_F(ProgramTasks, ItsCallbackMayDestroyIt) {
  std::optional<ProgramTask> fine, missing;
  int calls = 0;
  fine.emplace(loop_, Program{{"true"}, {}, {}}, ProgramLimits{}, [&](const Result<ProgramOutput>&) {
    fine.reset();
    ++calls;
  });
  missing.emplace(loop_, Program{{"/nowhere/x"}, {}, {}}, ProgramLimits{},
                  [&](const Result<ProgramOutput>& output) {
                    EXPECT_FALSE(output);
                    missing.reset();
                    ++calls;
                  });
  EXPECT_EQ(calls, 0);
  EXPECT_TRUE(run_until(loop_, [&] { return calls == 2; }));
}

TEST_F(ProgramTasks, DestroyingItKillsTheProgramSilently) {
  Reader reader;
  const std::string path = "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(reader.fd());
  {
    const ProgramTask task(loop_, shell("exec > " + path + "; echo begun; sleep 1000"), ProgramLimits{},
                           [](const Result<ProgramOutput>&) { ADD_FAILURE(); });
    EXPECT_EQ(reader.line(), "begun");
  }
  EXPECT_TRUE(reader.is_at_end());
  loop_.run_once(Duration(0));
}

TEST(Subprocess, LivesInASessionOfItsOwnUntilItIsStopped) {
  Reader reader;
  auto child = Subprocess::spawn(
      shell("trap 'echo stopped; exit 7' TERM; echo ready; while :; do sleep 1; done"), {reader.fd(), -1});
  ASSERT_TRUE(child);
  EXPECT_EQ(reader.line(), "ready");
  EXPECT_EQ(getsid(child->pid()), child->pid());
  EXPECT_FALSE(child->end());
  const auto end = child->terminate(seconds(10));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->exit_code, 7);
  EXPECT_EQ(reader.line(), "stopped");
  EXPECT_EQ(child->end()->exit_code, 7);
  EXPECT_EQ(child->terminate(seconds(10))->exit_code, 7) << "the same on repeat";
}

TEST(Subprocess, IsKilledWhenItDoesNotStop) {
  Reader reader;
  auto child =
      Subprocess::spawn(shell("trap '' TERM; echo ready; while :; do sleep 1; done"), {reader.fd(), -1});
  ASSERT_TRUE(child);
  EXPECT_EQ(reader.line(), "ready");
  const auto end = child->terminate(milliseconds(50));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->signal, SIGKILL);
  EXPECT_TRUE(reader.is_at_end()) << "its children are gone too";
}

TEST(Subprocess, DestroyingItKillsIt) {
  int pid = 0;
  {
    const auto child = Subprocess::spawn({{"sleep", "1000"}, {}, {}}, {});
    ASSERT_TRUE(child);
    pid = child->pid();
    EXPECT_TRUE(is_alive(pid));
  }
  EXPECT_FALSE(is_alive(pid));
}

TEST(Subprocess, TheLoopSeesItsEnd) {
  SystemClock clock;
  EventLoop loop(clock);
  auto child = Subprocess::spawn({{"true"}, {}, {}}, {});
  ASSERT_TRUE(child);
  bool ended = false;
  ASSERT_TRUE(loop.on_process_end(child->pid(), [&] { ended = true; }));
  ASSERT_TRUE(run_until(loop, [&] { return ended; }));
  ASSERT_TRUE(child->end());
  EXPECT_TRUE(child->end()->is_success());
}

}  // namespace
}  // namespace studyctl
