#include "service/run_again.h"

#include <gtest/gtest.h>

#include "study/applied_manifest.h"
#include "study/applied_study.h"

namespace studyctl {
namespace {

// Three experiments, or what kNmr has, of two cycles.
class RunAgainTest : public testing::Test {
 protected:
  RunAgainTest() : study_(volume_.path()) { study_.succeed(attempt_of(0)); }
  Result<RunAgain> again(const AgainRequest& request) {
    const auto chosen = choose_run(ResultsVolume::find(volume_.path()), "nmr");
    EXPECT_TRUE(chosen) << chosen.error().message;
    return run_again(*chosen, request);
  }

  TemporaryDirectory volume_;
  AppliedStudy study_;
};

TEST_F(RunAgainTest, IsOfTheSameDesignAndReusesNothing) {
  const auto run = again({{}, {}, {}, "ann"});
  ASSERT_TRUE(run) << run.error().message;
  const auto before = applied_manifest(*choose_run(ResultsVolume::find(volume_.path()), "nmr"));
  EXPECT_EQ(run->apply.study->design_hash, before->design_hash);
  EXPECT_TRUE(reuses_nothing(manifest_as_applied(*run->apply.study, run->apply.flags)));
  EXPECT_FALSE(run->first);
  EXPECT_EQ(run->apply.asked,
            "run again, as " + choose_run(ResultsVolume::find(volume_.path()), "nmr")->run.record.directory);
}

TEST_F(RunAgainTest, TakesOtherCyclesAndParallelismAndRecordsThem) {
  const auto run = again({5, 3, {}, "ann"});
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(run->apply.study->study().execution.cycles, 5u);
  EXPECT_EQ(run->apply.study->study().execution.parallelism, 3);
  EXPECT_EQ(std::count(run->apply.flags.begin(), run->apply.flags.end(), "--cycles=5"), 1);
  EXPECT_EQ(again({0, {}, {}, "ann"}).error().code, ErrorCode::Invalid);
}

TEST_F(RunAgainTest, LeavesOutWhatIsNotSelected) {
  AgainRequest request;
  request.who = "ann";
  request.selection.selector = "molecule=water";
  const auto run = again(request);
  ASSERT_TRUE(run) << run.error().message;
  ASSERT_TRUE(run->first);
  EXPECT_EQ(run->first->kind, Command::Kind::Skip);
  EXPECT_EQ(run->first->who, "ann");
  const LoadedStudy& study = *run->apply.study;
  uint64_t others = 0;
  for (uint64_t index = 0; index < study.plan->size(); ++index)
    for (const auto& [name, value] : study.plan->at(index).parameters)
      others += name == "molecule" && value.text != "water" ? 1 : 0;
  EXPECT_GT(others, 0u);
  EXPECT_EQ(run->first->repetitions.size(), others * study.study().execution.cycles);
}

TEST_F(RunAgainTest, ASelectionThatIsOfNothingIsSaid) {
  AgainRequest request;
  request.selection.selector = "molecule=gold";
  EXPECT_EQ(again(request).error().code, ErrorCode::NotFound);
  request.selection.selector = "colour=red";
  EXPECT_EQ(again(request).error().code, ErrorCode::Invalid);
  request.selection = {};
  request.selection.states = {"Failed"};
  EXPECT_EQ(again(request).error().code, ErrorCode::Invalid);
}

}  // namespace
}  // namespace studyctl
