#include <gtest/gtest.h>

#include "cli/applied_study.h"

namespace studyctl {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class DescribeTest : public testing::Test {
 protected:
  std::string describe(std::vector<std::string> words) {
    words.insert(words.begin(), "describe");
    const Said said = type(results_, std::move(words));
    EXPECT_EQ(said.code, 0) << said.err;
    return said.out;
  }

  TemporaryDirectory home_;
  std::filesystem::path results_ = home_.path() / "results";
};

TEST_F(DescribeTest, ARunTellsItsStateItsCountsAndWhoAskedForWhat) {
  AppliedStudy study(results_);
  study.succeed(attempt_of(0));
  study.fail(attempt_of(1), Reason::Timeout);
  study.command("alice (uid 1000)", "stop");
  study.change(RunState::Stopped, "stopped by alice");
  study.publish_status(RunState::Stopped);
  const std::string text = describe({"nmr"});
  EXPECT_TRUE(has(text, "State:        Stopped: stopped by alice")) << text;
  EXPECT_TRUE(has(text, "2 of 8 done: 1 succeeded, 1 failed, 6 waiting")) << text;
  EXPECT_TRUE(has(text, "stop  by alice (uid 1000)")) << text;
  EXPECT_TRUE(has(text, "Manifest:     study.yaml")) << text;
}

TEST_F(DescribeTest, ARunThatNobodyDrivesSaysHowToGoOn) {
  AppliedStudy study(results_);
  study.succeed(attempt_of(0));
  const std::string text = describe({});
  EXPECT_TRUE(has(text, "studyctl resume nmr")) << text;
}

TEST_F(DescribeTest, AnExperimentTellsEveryAttemptAndHowItFailed) {
  AppliedStudy study(results_);
  study.fail(attempt_of(0), Reason::OOMKilled, Verdict::Retry);
  study.succeed(attempt_of(0, 1, 2));
  const std::string text = describe({"nmr", study.id(0)});
  for (const char* part : {"molecule = water", "charge = 0", "attempt 1:    Retry (OOMKilled)",
                           "attempt 2:    Succeeded", "it went wrong", "ValueError", "no basis", "Traceback",
                           "last words", "energy = -76.5 Eh", "acme/nmr:1 (sha256:abc)", "attempt-1.failed"})
    EXPECT_TRUE(has(text, part)) << part << " in\n" << text;
}

TEST_F(DescribeTest, AnExperimentThatWasNeverStartedIsFoundInThePlan) {
  AppliedStudy study(results_);
  const std::string text = describe({"nmr", study.id(3).substr(0, study.id(3).size() - 4)});
  EXPECT_TRUE(has(text, study.id(3))) << text;
  EXPECT_TRUE(has(text, "never started")) << text;
}

TEST_F(DescribeTest, ABeginningOfSeveralNamesThem) {
  AppliedStudy study(results_);
  study.succeed(attempt_of(0));
  study.succeed(attempt_of(1));
  const Said said = type(results_, {"describe", "nmr", "water"});
  EXPECT_EQ(said.code, 4);
  EXPECT_TRUE(has(said.err, study.id(0))) << said.err;
  EXPECT_TRUE(has(said.err, study.id(1))) << said.err;
  EXPECT_EQ(type(results_, {"describe", "nmr", "ethane"}).code, 8);
}

}  // namespace
}  // namespace studyctl
