#include "store/harvest/progress_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "store/harvest/attempt_scratch.h"

namespace studyctl {
namespace {

std::string progress(const std::string& content) {
  const AttemptScratch attempt;
  attempt.write(".progress", content);
  const auto read = read_progress(attempt.path());
  if (!read) return "nothing";
  return (read->fraction ? std::to_string(*read->fraction) : "unknown") + " " + read->message;
}

TEST(ReadProgress, ReadsFractionAndMessage) {
  EXPECT_EQ(progress(R"({"fraction": 0.25, "message": "step 1 of 4"})"), "0.250000 step 1 of 4");
  EXPECT_EQ(progress(R"({"fraction": 1})"), "1.000000 ");
  EXPECT_EQ(progress(R"({"message": "warming up"})"), "unknown warming up");
  EXPECT_EQ(progress("0.5\n"), "0.500000 ");
}

TEST(ReadProgress, TakesNoFractionBeyondItsRange) {
  EXPECT_EQ(progress(R"({"fraction": 45, "message": "m"})"), "unknown m");
  EXPECT_EQ(progress(R"({"fraction": -0.1})"), "nothing");
  EXPECT_EQ(progress(R"({"fraction": "half"})"), "nothing");
  EXPECT_EQ(progress("45"), "nothing");
}

TEST(ReadProgress, MakesNothingOfGarbage) {
  for (const char* content : {"", "{", R"({"fraction": 0.)", "[1]", "null", "{}", "hello"})
    EXPECT_EQ(progress(content), "nothing");
  EXPECT_EQ(progress("{\"message\": \"" + std::string(70'000, 'x') + "\"}"), "nothing");
}

TEST(ReadProgress, ShowsOneBoundedPrintableLine) {
  EXPECT_EQ(progress(R"({"message": "a\nb\u001b[31m"})"), "unknown a b");
  EXPECT_LT(progress("{\"message\": \"" + std::string(60'000, 'x') + "\"}").size(), 600u);
}

TEST(ReadProgress, FollowsNoLinkAndWaitsForNoPipe) {
  const AttemptScratch attempt;
  EXPECT_FALSE(read_progress(attempt.path()));
  EXPECT_FALSE(read_progress(attempt.path() / "none"));
  std::ofstream(attempt.outside()) << "0.5";
  attempt.link(".progress", attempt.outside());
  EXPECT_FALSE(read_progress(attempt.path()));
  std::filesystem::remove(attempt.path() / ".progress");
  ASSERT_EQ(mkfifo((attempt.path() / ".progress").c_str(), 0600), 0);
  EXPECT_FALSE(read_progress(attempt.path()));
}

}  // namespace
}  // namespace studyctl
