#include "io/log_files.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <string>

#include "base/temporary_directory.h"

namespace studyctl {
namespace {

const Instant kNoon = std::chrono::sys_days(std::chrono::year(2026) / 11 / 22) + std::chrono::hours(12);

class LogsOfAnAttempt : public testing::Test {
 protected:
  std::filesystem::path path(const std::string& name) const { return directory_.path() / name; }
  std::string content(const std::string& name) const { return *read_file(path(name)); }
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::trunc) << bytes;
  }
  LogFiles open() const {
    auto files = LogFiles::open(directory_.path());
    if (!files) ADD_FAILURE() << files.error().message;
    return std::move(*files);
  }

  TemporaryDirectory directory_;
};

TEST_F(LogsOfAnAttempt, KeepsBothStreamsAndTheirOrder) {
  LogFiles files = open();
  ASSERT_TRUE(files.append(LogStream::Stdout, "one\n", kNoon));
  ASSERT_TRUE(files.append(LogStream::Stderr, "oh\n", kNoon + Duration(5)));
  ASSERT_TRUE(files.append(LogStream::Stdout, "two\n", kNoon + Duration(5)));
  ASSERT_TRUE(files.append(LogStream::Stdout, "", kNoon));
  ASSERT_TRUE(files.sync());
  EXPECT_EQ(content("stdout.log"), "one\ntwo\n");
  EXPECT_EQ(content("stderr.log"), "oh\n");
  EXPECT_EQ(content("log.idx"),
            "1 0 4 2026-11-22T12:00:00.000Z\n"
            "2 0 3 2026-11-22T12:00:00.005Z\n"
            "1 4 4 2026-11-22T12:00:00.005Z\n");
  EXPECT_EQ(files.size(LogStream::Stdout), 8u);
  EXPECT_EQ(files.size(LogStream::Stderr), 3u);
}

TEST_F(LogsOfAnAttempt, GoesOnWhereItWas) {
  ASSERT_TRUE(open().append(LogStream::Stderr, "one\n", kNoon));
  LogFiles files = open();
  EXPECT_EQ(files.size(LogStream::Stdout), 0u);
  EXPECT_EQ(files.size(LogStream::Stderr), 4u);
  ASSERT_TRUE(files.append(LogStream::Stderr, "two\n", kNoon));
  EXPECT_EQ(content("stderr.log"), "one\ntwo\n");
  EXPECT_EQ(content("log.idx"), "2 0 4 2026-11-22T12:00:00.000Z\n2 4 4 2026-11-22T12:00:00.000Z\n");
}

TEST_F(LogsOfAnAttempt, WhereverACrashCutsTheIndexTheLogsAreCutToIt) {
  const std::string first = "1 0 4 2026-11-22T12:00:00.000Z\n";
  const std::string second = "1 4 4 2026-11-22T12:00:00.000Z\n";
  for (size_t length = 0; length <= (first + second).size(); ++length) {
    write("stdout.log", "one\ntwo\n");
    write("log.idx", (first + second).substr(0, length));
    const bool has_first = length >= first.size();
    const bool has_second = length == (first + second).size();
    LogFiles files = open();
    const size_t kept = has_second ? 8 : has_first ? 4 : 0;
    ASSERT_EQ(files.size(LogStream::Stdout), kept) << length;
    EXPECT_EQ(content("stdout.log"), std::string("one\ntwo\n").substr(0, kept));
    EXPECT_EQ(content("log.idx"), has_second ? first + second : has_first ? first : "");
  }
}

TEST_F(LogsOfAnAttempt, DoesNotBelieveAnIndexThatSaysMoreThanTheLogsHave) {
  write("stdout.log", "one\ntw");
  write("log.idx", "1 0 4 2026-11-22T12:00:00.000Z\n1 4 4 2026-11-22T12:00:00.000Z\n");
  EXPECT_EQ(open().size(LogStream::Stdout), 4u);
  EXPECT_EQ(content("stdout.log"), "one\n");
  EXPECT_EQ(content("log.idx"), "1 0 4 2026-11-22T12:00:00.000Z\n");
}

TEST_F(LogsOfAnAttempt, DoesNotBelieveAnIndexThatMakesNoSense) {
  const std::string good = "1 0 4 2026-11-22T12:00:00.000Z\n";
  for (const std::string bad :
       {"3 0 1 x\n", "1 5 1 x\n", "1 4\n", "garbage\n", "1 4 18446744073709551615 x\n", "1 -4 1 x\n", "\n"}) {
    write("stdout.log", "one\ntwo\n");
    write("log.idx", good + bad + "1 4 4 x\n");
    EXPECT_EQ(open().size(LogStream::Stdout), 4u) << bad;
    EXPECT_EQ(content("log.idx"), good) << bad;
  }
  write("log.idx", good + std::string(200'000, 'x') + "\n1 4 4 x\n");
  EXPECT_EQ(open().size(LogStream::Stdout), 4u);
}

TEST_F(LogsOfAnAttempt, ALongIndexIsReadWhole) {
  {
    LogFiles files = open();
    for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(files.append(LogStream::Stdout, "x", kNoon));
  }
  EXPECT_EQ(open().size(LogStream::Stdout), 10'000u);
  EXPECT_GT(content("log.idx").size(), 300'000u);
}

TEST_F(LogsOfAnAttempt, DoesNotFollowALinkThatStandsInTheirPlace) {
  write("secret", "untouched");
  std::filesystem::create_symlink(path("secret"), path("stdout.log"));
  std::filesystem::create_symlink(path("nowhere"), path("stderr.log"));
  ASSERT_EQ(mkfifo(path("log.idx").c_str(), 0600), 0);
  LogFiles files = open();
  ASSERT_TRUE(files.append(LogStream::Stdout, "log", kNoon));
  EXPECT_EQ(content("secret"), "untouched");
  EXPECT_EQ(content("stdout.log"), "log");
  EXPECT_FALSE(std::filesystem::exists(path("nowhere")));
}

TEST_F(LogsOfAnAttempt, ADirectoryThatIsALinkOrIsNotThereIsAnError) {
  std::filesystem::create_directory(path("real"));
  std::filesystem::create_directory_symlink(path("real"), path("link"));
  EXPECT_FALSE(LogFiles::open(path("link")));
  const auto missing = LogFiles::open(path("missing"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
  std::filesystem::create_directory(path("stdout.log"));
  EXPECT_FALSE(LogFiles::open(directory_.path()));
}

TEST_F(LogsOfAnAttempt, WritesWhereItIsWhateverTheWorkloadAppends) {
  LogFiles files = open();
  ASSERT_TRUE(files.append(LogStream::Stdout, "one\n", kNoon));
  std::ofstream(path("stdout.log"), std::ios::app) << "forged";
  ASSERT_TRUE(files.append(LogStream::Stdout, "two, and longer\n", kNoon));
  EXPECT_EQ(content("stdout.log"), "one\ntwo, and longer\n");
}

// A limit of the file's size stands for a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t size) {
    old_signal_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{size, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_signal_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit old_{};
  void (*old_signal_)(int) = nullptr;
};

TEST_F(LogsOfAnAttempt, AfterAFullDiskTheSameMayBeSaidAgain) {
  LogFiles files = open();
  ASSERT_TRUE(files.append(LogStream::Stdout, "one\n", kNoon));
  {
    const FullDisk full(40);
    const auto log = files.append(LogStream::Stdout, std::string(100, 'x'), kNoon);  // fails in the log
    ASSERT_FALSE(log);
    EXPECT_EQ(log.error().message, "stdout.log: cannot write: File too large");
    EXPECT_FALSE(files.append(LogStream::Stdout, "two\n", kNoon));  // fails in the index
  }
  EXPECT_EQ(content("stdout.log"), "one\n");
  EXPECT_EQ(content("log.idx"), "1 0 4 2026-11-22T12:00:00.000Z\n");
  ASSERT_TRUE(files.append(LogStream::Stdout, "two\n", kNoon));
  EXPECT_EQ(content("stdout.log"), "one\ntwo\n");
  EXPECT_EQ(content("log.idx"), "1 0 4 2026-11-22T12:00:00.000Z\n1 4 4 2026-11-22T12:00:00.000Z\n");
}

}  // namespace
}  // namespace studyctl
