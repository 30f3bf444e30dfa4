#include "engine/process/spawn.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/temporary_directory.h"

namespace studyctl {
namespace {

class SpawnTest : public ::testing::Test {
 protected:
  SpawnTest() {
    start_.id = "name";
    start_.process.environment = {{"PATH", "/usr/bin:/bin"}};
    start_.process.directory = directory_.path();
    start_.out = directory_.path() / "out";
    start_.err = directory_.path() / "err";
  }
  // Its exit code, or 128 + a signal.
  int run(const std::string& script) {
    start_.process.words = {"sh", "-c", script};
    const auto pid = spawn(start_);
    EXPECT_TRUE(pid) << pid.error().message;
    int status = 0;
    if (!pid || waitpid(*pid, &status, 0) != *pid) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  std::string text(const char* name) const { return read_or_empty(directory_.path() / name); }

  TemporaryDirectory directory_;
  ProcessStart start_;
};

TEST_F(SpawnTest, WhatItPrintsIsAppendedToItsFiles) {
  EXPECT_EQ(run("echo one; echo two >&2"), 0);
  EXPECT_EQ(run("echo three; exit 5"), 5);
  EXPECT_EQ(text("out"), "one\nthree\n");
  EXPECT_EQ(text("err"), "two\n");
}

TEST_F(SpawnTest, ItHasTheEnvironmentThatItIsGivenAndItsMarker) {
  start_.process.environment.emplace_back("A", "b c");
  EXPECT_EQ(run("env | grep -v '^_=\\|^PWD=\\|^SHLVL=' | sort"), 0);
  EXPECT_EQ(text("out"), "A=b c\nPATH=/usr/bin:/bin\nSTUDYCTL_PROCESS=name\n");
}

TEST_F(SpawnTest, ItLeadsASessionOfItsOwnInItsDirectory) {
  EXPECT_EQ(run("set -- $(cat /proc/self/stat); echo $5 $6 $$; pwd"), 0);
  int group = 0, session = 0, shell = 0;
  char directory[4096] = {};
  ASSERT_EQ(std::sscanf(text("out").c_str(), "%d %d %d\n%4095s", &group, &session, &shell, directory), 4);
  EXPECT_EQ(group, shell);
  EXPECT_EQ(session, shell);
  EXPECT_EQ(directory, directory_.path().string());
}

TEST_F(SpawnTest, ItHasNoDescriptorOfOurs) {
  const Fd ours(dup(0));
  EXPECT_EQ(run("exec ls /proc/self/fd | wc -l"), 0);
  EXPECT_EQ(text("out"), "4\n");  // its own three, and the directory that it lists
}

TEST_F(SpawnTest, ItIsPinnedToItsCores) {
  start_.cpus = {0};
  EXPECT_EQ(run("grep Cpus_allowed_list /proc/self/status"), 0);
  EXPECT_EQ(text("out"), "Cpus_allowed_list:\t0\n");
}

TEST_F(SpawnTest, AProgramThatIsNotThereIsNamedWithItsPath) {
  start_.process.words = {"no-such-program"};
  const auto pid = spawn(start_);
  ASSERT_FALSE(pid);
  EXPECT_EQ(pid.error().message,
            "there is no program 'no-such-program' in PATH (/usr/bin:/bin) on this machine");
}

TEST_F(SpawnTest, WhatCannotRunIsRefusedWithItsPath) {
  start_.process.words = {directory_.path().string()};
  EXPECT_EQ(spawn(start_).error().message, directory_.path().string() + ": Permission denied");
  start_.process.words = {"true"};
  start_.process.directory = "/nowhere";
  EXPECT_EQ(spawn(start_).error().message, "/nowhere: No such file or directory");
}

}  // namespace
}  // namespace studyctl
