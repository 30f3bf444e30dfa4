#include "engine/devices/lease_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/temporary_directory.h"

namespace studyctl {
namespace {

class LeaseFiles : public ::testing::Test {
 protected:
  Result<Fd> take(const std::string& holder) {
    return take_lease(where(), {holder, "study", {"k=a", "k=b"}});
  }
  const std::filesystem::path& where() const { return directory_.path(); }
  size_t count() const { return read_leases(where()).size(); }
  bool is_there(const std::string& holder) const {
    return std::filesystem::exists(lease_file_of(where(), holder));
  }
  TemporaryDirectory directory_;
};

TEST_F(LeaseFiles, CountWhileTheyAreHeld) {
  auto held = take("attempt");
  ASSERT_TRUE(held) << held.error().message;
  const auto leases = read_leases(where());
  ASSERT_EQ(leases.size(), 1u);
  EXPECT_EQ(leases[0].holder, "attempt");
  EXPECT_EQ(leases[0].study, "study");
  EXPECT_EQ(leases[0].devices, (std::vector<std::string>{"k=a", "k=b"}));
  *held = Fd();
  EXPECT_EQ(count(), 0u);
  EXPECT_FALSE(is_there("attempt"));
}

TEST_F(LeaseFiles, AreHeldOnByWhoeverHoldsThemToo) {
  auto first = take("attempt");
  auto second = hold_lease(lease_file_of(where(), "attempt"));
  ASSERT_TRUE(second) << second.error().message;
  *first = Fd();
  drop_lease(lease_file_of(where(), "attempt"));
  EXPECT_EQ(count(), 1u);
  *second = Fd();
  drop_lease(lease_file_of(where(), "attempt"));
  EXPECT_FALSE(is_there("attempt"));
}

TEST_F(LeaseFiles, CannotBeHeldOnOnceTheyWereGivenUp) {
  { const auto held = take("attempt"); }
  EXPECT_EQ(count(), 0u);
  const auto late = hold_lease(lease_file_of(where(), "attempt"));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::Conflict);
}

TEST_F(LeaseFiles, LastAsLongAsAProcessThatInheritedThem) {
  auto held = take("attempt");
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[1]);
    char byte;
    _exit(read(ends[0], &byte, 1) == 0 ? 0 : 1);
  }
  *held = Fd();
  EXPECT_EQ(count(), 1u);
  close(ends[0]);
  close(ends[1]);
  waitpid(child, nullptr, 0);
  EXPECT_EQ(count(), 0u);
}

TEST_F(LeaseFiles, LastAsLongAsAProcessWithTheirMarker) {
  auto held = take("marked");
  int in[2], out[2];
  ASSERT_EQ(pipe2(in, O_CLOEXEC), 0);
  ASSERT_EQ(pipe2(out, O_CLOEXEC), 0);
  const char* environment[] = {"STUDYCTL_PROCESS=marked", nullptr};
  const pid_t child = fork();
  if (child == 0) {
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    execle("/bin/sh", "sh", "-c", "echo; read x", nullptr, environment);
  }
  char byte;
  ASSERT_EQ(read(out[0], &byte, 1), 1);
  *held = Fd();
  EXPECT_EQ(count(), 1u);
  for (const int end : {in[0], in[1], out[0], out[1]}) close(end);
  waitpid(child, nullptr, 0);
  EXPECT_EQ(count(), 0u);
}

TEST_F(LeaseFiles, AreNoneWhereThereIsNoDirectory) {
  EXPECT_TRUE(read_leases(where() / "none").empty());
}

}  // namespace
}  // namespace studyctl
