#include "store/harvest/attempt_directory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

#include "store/harvest/attempt_scratch.h"
#include "store/harvest/beneath.h"

namespace studyctl {
namespace {

using Names = std::vector<std::string>;

std::string why_not(const AttemptScratch& attempt, const std::string& name) {
  const auto file = attempt.open().open_file(name);
  return file ? "opened" : file.error().message;
}

TEST(AttemptDirectory, OpensFilesBelowItAndTellsTheirSize) {
  const AttemptScratch attempt;
  attempt.write("deep/er/a.out", "12345");
  const auto file = attempt.open().open_file("deep/er/a.out");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->size, 5u);
  EXPECT_EQ(why_not(attempt, "deep/../deep/er/a.out"), "opened");
  EXPECT_EQ(attempt.open().open_file("b.out").error().code, ErrorCode::NotFound);
  EXPECT_EQ(attempt.open().open_file("deep/er/a.out/b").error().code, ErrorCode::NotFound);
}

TEST(AttemptDirectory, FollowsLinksThatStayInside) {
  const AttemptScratch attempt;
  attempt.write("run/a.out", "1");
  attempt.link("latest", "run");
  EXPECT_EQ(why_not(attempt, "latest/a.out"), "opened");
}

TEST(AttemptDirectory, NothingLeadsOutOfIt) {
  const AttemptScratch attempt;
  attempt.link("relative", "../outside.txt");
  attempt.link("absolute", attempt.outside());
  attempt.link("up", "..");
  attempt.link("process", "/proc/self/root");
  attempt.link("loop", "loop");
  const std::string refused = "leads out of the attempt's directory";
  for (const char* name :
       {"relative", "absolute", "up/outside.txt", "../outside.txt", "process/etc/passwd", "loop"}) {
    EXPECT_EQ(why_not(attempt, name), refused) << name;
    EXPECT_FALSE(attempt.open().contains(name)) << name;
  }
  EXPECT_EQ(why_not(attempt, attempt.outside().string()), refused);
}

TEST(AttemptDirectory, OpensOnlyRegularFilesAndNeverWaits) {
  const AttemptScratch attempt;
  ASSERT_EQ(mkfifo((attempt.path() / "pipe").c_str(), 0600), 0);
  const Fd socket_fd(socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{AF_UNIX, {}};
  (attempt.path() / "sock").string().copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(bind(socket_fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  attempt.write("directory/file", "");
  for (const char* name : {"pipe", "sock", "directory", "."})
    EXPECT_EQ(why_not(attempt, name), "is not a regular file") << name;
}

TEST(AttemptDirectory, IsNotReachedThroughALink) {
  const AttemptScratch attempt;
  attempt.write("real/file", "");
  attempt.link("link", "real");
  EXPECT_FALSE(AttemptDirectory::open(attempt.path() / "link"));
  EXPECT_EQ(AttemptDirectory::open(attempt.path() / "none").error().code, ErrorCode::NotFound);
}

TEST(AttemptDirectory, FindsAFileByNameOrCompressed) {
  const AttemptScratch attempt;
  attempt.write("a.out", "");
  attempt.write("b.out.gz", "");
  attempt.write("both", "");
  attempt.write("both.gz", "");
  const auto directory = attempt.open();
  EXPECT_EQ(directory.find("a.out"), Names{"a.out"});
  EXPECT_EQ(directory.find("b.out"), Names{"b.out.gz"});
  EXPECT_EQ(directory.find("both"), Names{"both"});
  EXPECT_EQ(directory.find("none"), Names{});
  EXPECT_EQ(directory.find(""), Names{});
}

TEST(AttemptDirectory, FindsFilesByGlobSortedAndOnce) {
  const AttemptScratch attempt;
  for (const char* name :
       {"b.out", "a.out", "c.out.gz", "a.out.gz", "a.txt", "sub/d.out", "other/d.out.gz", ".hidden.out"})
    attempt.write(name, "");
  attempt.link("inside.out", "a.out");
  attempt.link("outside.out", attempt.outside());
  ASSERT_EQ(mkfifo((attempt.path() / "pipe.out").c_str(), 0600), 0);
  std::filesystem::create_directory(attempt.path() / "directory.out");
  const auto directory = attempt.open();
  EXPECT_EQ(directory.find("*.out"), (Names{"a.out", "b.out", "c.out.gz", "inside.out"}));
  EXPECT_EQ(directory.find("?.out"), (Names{"a.out", "b.out", "c.out.gz"}));
  EXPECT_EQ(directory.find("*/d.out"), (Names{"other/d.out.gz", "sub/d.out"}));
  EXPECT_EQ(directory.find("*/*"), (Names{"other/d.out.gz", "sub/d.out"}));
  EXPECT_EQ(directory.find("s*/*.out"), Names{"sub/d.out"});
  EXPECT_EQ(directory.find(".h*"), Names{".hidden.out"});
  EXPECT_EQ(directory.find("../*"), Names{});
  EXPECT_EQ(directory.find("/*"), Names{});
}

TEST(AttemptDirectory, GlobsLeaveOutWhatTheControllerWrites) {
  const AttemptScratch attempt;
  for (const char* name : {"stdout.log", "stderr.log", "log.idx", "attempt.json", "command.txt", "init-0.log",
                           "termination-message", "md.log", "sub/stdout.log"})
    attempt.write(name, "");
  EXPECT_EQ(attempt.open().find("*"), Names{"md.log"});
  EXPECT_EQ(attempt.open().find("*/*"), Names{"sub/stdout.log"});
  EXPECT_EQ(attempt.open().find("stdout.log"), Names{"stdout.log"});
}

TEST(OpenBeneathBySteps, IsAsStrictAsTheKernelOrStricter) {
  const AttemptScratch attempt;
  attempt.write("deep/a.out", "1");
  attempt.link("deep/link", "a.out");
  attempt.link("up", "..");
  const auto directory = attempt.open();
  EXPECT_TRUE(open_beneath_by_steps(directory.fd(), "deep/a.out", O_RDONLY));
  EXPECT_TRUE(open_beneath_by_steps(directory.fd(), "./deep//a.out", O_RDONLY));
  for (const char* name : {"deep/link", "up/outside.txt", "../outside.txt", "/etc/passwd"}) {
    EXPECT_FALSE(open_beneath_by_steps(directory.fd(), name, O_RDONLY)) << name;
    EXPECT_EQ(errno, EXDEV) << name;
    EXPECT_FALSE(open_beneath_by_steps(directory.fd(), name, O_PATH)) << name;
  }
  EXPECT_FALSE(open_beneath_by_steps(directory.fd(), "none", O_RDONLY));
  EXPECT_EQ(errno, ENOENT);
  EXPECT_FALSE(open_beneath_by_steps(directory.fd(), "", O_RDONLY));
}

}  // namespace
}  // namespace studyctl
