#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/applied_study.h"

namespace studyctl {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  size_t begin = 0;
  for (size_t end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
    lines.push_back(text.substr(begin, end - begin));
  return lines;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class GetTest : public testing::Test {
 protected:
  Said get(std::vector<std::string> words) {
    words.insert(words.begin(), "get");
    return type(results_, std::move(words));
  }

  TemporaryDirectory home_;
  std::filesystem::path results_ = home_.path() / "results";
};

TEST_F(GetTest, AVolumeThatIsNotThereIsNotFound) {
  const Said said = get({"studies"});
  EXPECT_EQ(said.code, 8);
  EXPECT_TRUE(has(said.err, "--results"));
}

TEST_F(GetTest, StudiesAreListedOnceWithTheirNewestRun) {
  AppliedStudy first(results_);
  first.change(RunState::Completed);
  AppliedStudy second(results_, kNmr, Instant(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23)));
  second.change(RunState::Stopped);
  const Said said = get({"studies"});
  EXPECT_EQ(said.code, 0);
  const auto lines = lines_of(said.out);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_TRUE(has(lines[0], "STUDY")) << lines[0];
  EXPECT_TRUE(has(lines[1], "nmr    2     Stopped  0/8")) << lines[1];
  EXPECT_EQ(get({"studies", "-o", "name"}).out, "nmr\n");
  EXPECT_EQ(get({"studies", "-o", "path"}).out, (first.volume().root() / "nmr").string() + "\n");
}

TEST_F(GetTest, ARunThatNobodyDrivesIsInterrupted) {
  AppliedStudy study(results_);
  EXPECT_TRUE(has(get({"runs"}).out, "Interrupted"));
  const auto lock = study.volume().lock({1, "box", false, {{"nmr", study.run_id()}}});
  ASSERT_TRUE(lock);
  EXPECT_TRUE(has(get({"runs", "nmr"}).out, "Running"));
}

TEST_F(GetTest, ASummaryCountsByStateAndReasonAndNamesWhatIsChronic) {
  AppliedStudy study(results_);
  study.succeed(attempt_of(0));
  study.fail(attempt_of(1), Reason::Timeout, Verdict::Retry);
  study.fail(attempt_of(1, 1, 2), Reason::Timeout, Verdict::Retry);
  study.fail(attempt_of(1, 1, 3), Reason::Error);
  study.fail(attempt_of(2), Reason::Stalled);
  study.change(RunState::Stopped);
  EXPECT_EQ(get({"summary"}).out,
            "nmr/2026-11-22_00-00-00  Stopped, 3 of 8 repetitions done\n"
            "\n"
            "STATE      REASON     REPETITIONS  SHARE\n"
            "Waiting    -          5            62.5%\n"
            "Succeeded  Completed  1            12.5%\n"
            "Failed     Error      1            12.5%\n"
            "Failed     Stalled    1            12.5%\n"
            "\n"
            "timed out: 3 attempts of 2 repetitions (2 Timeout, 1 Stalled)\n"
            "chronic: 1 experiment with a repetition that failed 3 times or more\n"
            "\n"
            "EXPERIMENT                FAILURES  LAST REASON  PARAMETERS\n" +
                study.id(1) + "  3         Error        charge=1 molecule=water\n");
  EXPECT_EQ(get({"summary", "-o", "name"}).out, study.id(1) + "\n");
  EXPECT_EQ(get({"summary", "-o", "name", "--min-fails", "1"}).out, study.id(1) + "\n" + study.id(2) + "\n");
  EXPECT_TRUE(has(get({"summary", "--min-fails", "4"}).out, "chronic: none failed 4 times or more\n"));
  const auto json = nlohmann::json::parse(get({"summary", "-o", "json"}).out);
  EXPECT_EQ(json["counts"][0],
            nlohmann::json({{"state", "Waiting"}, {"reason", nullptr}, {"repetitions", 5}}));
  EXPECT_EQ(json["timed_out"],
            nlohmann::json::parse(R"({"attempts":{"Timeout":2,"Stalled":1},"repetitions":2})"));
  EXPECT_EQ(json["chronic"].size(), 1u);
  EXPECT_EQ(json["chronic"][0]["parameters"], nlohmann::json({{"molecule", "water"}, {"charge", 1}}));
  EXPECT_EQ(json["chronic"][0]["message"], "it went wrong");
}

TEST_F(GetTest, RunsOfAStudyThatIsNotThereAreNotFound) {
  AppliedStudy study(results_);
  EXPECT_EQ(get({"runs", "nmd"}).code, 8);
}

TEST_F(GetTest, RunsAsJsonNameEveryState) {
  AppliedStudy study(results_);
  study.succeed(attempt_of(0));
  const std::string json = get({"runs", "-o", "json"}).out;
  EXPECT_TRUE(json.starts_with(R"({"apiVersion":"studyctl.io/v1alpha1","kind":"List","items":[)")) << json;
  EXPECT_TRUE(has(json, R"("counts":{"Waiting":7,"Starting":0,"Running":0,"Succeeded":1,)")) << json;
  EXPECT_TRUE(has(json, R"("finished_at":null)")) << json;
}

TEST_F(GetTest, RepetitionsAreSelectedByParameterStateAndReason) {
  AppliedStudy study(results_);
  study.succeed(attempt_of(0));
  study.fail(attempt_of(1), Reason::Timeout);
  study.fail(attempt_of(2), Reason::Error);
  study.start(attempt_of(3));
  const auto names = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "repetitions");
    words.insert(words.end(), {"-o", "name"});
    return lines_of(get(std::move(words)).out);
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names({}), (Names{study.id(0), study.id(1), study.id(2), study.id(3)}));
  EXPECT_EQ(names({"-l", "molecule=methane"}), (Names{study.id(2), study.id(3)}));
  EXPECT_EQ(names({"--state", "failed"}), (Names{study.id(1), study.id(2)}));
  EXPECT_EQ(names({"--state", "Failed,Running"}), (Names{study.id(1), study.id(2), study.id(3)}));
  EXPECT_EQ(names({"--reason", "Timeout"}), (Names{study.id(1)}));
  EXPECT_EQ(names({"nmr", "water"}), (Names{study.id(0), study.id(1)}));
}

TEST_F(GetTest, PathsAreAbsoluteAndThere) {
  AppliedStudy study(results_);
  study.fail(attempt_of(1), Reason::Timeout);
  const Said said =
      get({"experiments", "-l", "molecule=water", "--state", "Failed", "--reason", "Timeout", "-o", "path"});
  ASSERT_EQ(said.code, 0) << said.err;
  const auto lines = lines_of(said.out);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(std::filesystem::path(lines[0]).is_absolute());
  EXPECT_TRUE(std::filesystem::is_directory(lines[0])) << lines[0];
  for (const char* kind : {"repetitions", "jobs", "attempts"}) {
    const auto paths = lines_of(get({kind, "--state", "Failed", "-o", "path"}).out);
    ASSERT_EQ(paths.size(), 1u) << kind;
    EXPECT_TRUE(std::filesystem::is_directory(paths[0])) << paths[0];
  }
}

TEST_F(GetTest, WhatWaitsIsCountedAndListedFromThePlanWhenAskedFor) {
  AppliedStudy study(results_);
  study.succeed(attempt_of(0));
  const Said all = get({"repetitions"});
  EXPECT_EQ(lines_of(all.out).size(), 2u);
  EXPECT_TRUE(has(all.err, "7 repetitions never started: Waiting")) << all.err;
  const Said waiting = get({"repetitions", "--state", "Waiting", "-l", "molecule=water"});
  EXPECT_EQ(lines_of(waiting.out).size(), 4u) << waiting.out;
  const Said names = get({"repetitions", "--state", "Waiting", "-o", "name"});
  EXPECT_EQ(lines_of(names.out).front(), study.id(0)) << "its second cycle is next";
  EXPECT_EQ(lines_of(names.out).size(), 7u);
}

TEST_F(GetTest, WhatACancelledRunNeverStartedIsCancelled) {
  AppliedStudy study(results_);
  study.succeed(attempt_of(0));
  study.change(RunState::Cancelled);
  EXPECT_EQ(lines_of(get({"repetitions", "--state", "Cancelled", "-o", "name"}).out).size(), 7u);
  EXPECT_EQ(get({"repetitions", "--state", "Waiting", "-o", "name"}).out, "");
}

TEST_F(GetTest, ExperimentsTellWhereTheirCyclesStand) {
  AppliedStudy study(results_);
  study.succeed(attempt_of(0));
  study.fail(attempt_of(0, 2), Reason::OOMKilled);
  study.succeed(attempt_of(1));
  const auto lines = lines_of(get({"experiments"}).out);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_TRUE(has(lines[1], "1 succeeded, 1 failed  1 OOMKilled")) << lines[1];
  EXPECT_TRUE(has(lines[1], "charge=0 molecule=water")) << lines[1];
  const std::string json = get({"experiments", "--state", "Failed", "-o", "json"}).out;
  EXPECT_TRUE(has(
      json, R"("Failed":1,"Infeasible":0,"Cancelled":0,"Skipped":0,"Cached":0},"reasons":{"OOMKilled":1})"))
      << json;
}

TEST_F(GetTest, WhatNeverStartedIsCountedBySelectorAndExperiment) {
  AppliedStudy study(results_);
  study.succeed(attempt_of(0));
  EXPECT_TRUE(has(get({"experiments"}).err, "7 repetitions never started: Waiting"));
  EXPECT_TRUE(has(get({"experiments", "-l", "molecule=methane"}).err, "4 repetitions never started"));
  EXPECT_TRUE(has(get({"repetitions", "nmr", study.id(0)}).err, "1 repetition never started"));
  EXPECT_FALSE(has(get({"experiments", "-o", "json"}).err, "never started"));
}

TEST_F(GetTest, AParameterThatNoExperimentHasIsNamed) {
  AppliedStudy study(results_);
  study.succeed(attempt_of(0));
  const Said said = get({"experiments", "-l", "molekule=water"});
  EXPECT_EQ(said.code, 4);
  EXPECT_TRUE(has(said.err, "did you mean molecule?")) << said.err;
}

TEST_F(GetTest, TheTimeOfARunThatNobodyDrivesStandsStill) {
  AppliedStudy study(results_);
  study.change(RunState::Paused, "2 failed > 1 tolerated");
  EXPECT_TRUE(has(get({"runs"}).out, " 1s    -\n")) << get({"runs"}).out;
}

TEST_F(GetTest, AttemptsOfARepetitionAreAllListed) {
  AppliedStudy study(results_);
  study.fail(attempt_of(0), Reason::Lost, Verdict::Retry);
  study.succeed(attempt_of(0, 1, 2));
  const auto lines = lines_of(get({"attempts"}).out);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_TRUE(has(lines[1], "Retry")) << lines[1];
  EXPECT_TRUE(has(lines[1], "Lost")) << lines[1];
  EXPECT_TRUE(has(get({"attempts", "-o", "yaml"}).out, "energy: -76.5"));
}

TEST_F(GetTest, AnUnknownWordNamesThoseThatThereAre) {
  AppliedStudy study(results_);
  study.succeed(attempt_of(0));
  Said said = get({"repetitions", "--state", "Broken"});
  EXPECT_EQ(said.code, 4);
  EXPECT_TRUE(has(said.err, "Waiting, Starting")) << said.err;
  said = get({"repetitions", "-l", "molecul=water"});
  EXPECT_EQ(said.code, 4);
  EXPECT_TRUE(has(said.err, "did you mean molecule?")) << said.err;
  EXPECT_EQ(get({"runs", "-o", "xml"}).code, 4);
  EXPECT_EQ(get({"repetitions", "-l", "molecule=ethane"}).code, 0);
}

TEST_F(GetTest, ATableHoldsNothingThatATerminalObeys) {
  std::string manifest = kNmr;
  manifest.replace(manifest.find("[water, methane]"), 16, R"(["a\e[31mb", methane])");
  AppliedStudy study(results_, manifest);
  study.succeed(attempt_of(0));
  for (const char* kind : {"experiments", "repetitions", "attempts"})
    EXPECT_EQ(get({kind, "-o", "wide"}).out.find('\x1b'), std::string::npos) << kind;
}

TEST_F(GetTest, StatusIsThatOfTheFileButForARunThatNobodyDrives) {
  AppliedStudy study(results_);
  ProcessIdentity gone = this_process();
  gone.pid_started_at += 1;
  study.publish_status(RunState::Running, gone);
  EXPECT_TRUE(has(get({"status", "-o", "json"}).out, R"("state": "Interrupted")"));
  EXPECT_TRUE(has(get({"status"}).out, "nmr  Interrupted"));
  study.publish_status(RunState::Running);
  EXPECT_TRUE(has(get({"status", "nmr", "-o", "yaml"}).out, "state: Running"));
}

}  // namespace
}  // namespace studyctl
