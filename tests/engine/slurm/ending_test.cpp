#include "engine/slurm/ending.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

using Phase = Observation::Phase;
using namespace std::chrono_literals;
using Notes = std::map<std::string, std::string>;

SlurmEnd noted(Notes notes) {
  notes.emplace("job", "12_3");
  notes.emplace("started", "2026-11-23T01:00:00.000Z");
  notes.emplace("finished", "2026-11-23T01:00:10.000Z");
  SlurmEnd end;
  end.notes = std::move(notes);
  end.grace = 10s;
  return end;
}

Observation seen(const SlurmEnd& end) {
  return observation_of_end({"x"}, end);
}

SlurmEnd in_state(const std::string& state) {
  SlurmEnd end;
  end.state = state;
  return end;
}

TEST(SlurmEnding, TheNoteOfTheTaskIsTheTruth) {
  const Observation end = seen(noted({{"code", "3"}}));
  EXPECT_EQ(end.phase, Phase::Exited);
  EXPECT_EQ(end.reason, Reason::Error);
  EXPECT_EQ(end.exit_code, 3);
  EXPECT_EQ(end.message, "exited with code 3");
  EXPECT_EQ(end.container, "12_3");
  EXPECT_EQ(*end.finished_at - *end.started_at, 10s);
}

TEST(SlurmEnding, AKillNobodyOwnsUpToHasNoCause) {
  const Observation end = seen(noted({{"code", "137"}}));
  EXPECT_EQ(end.reason, Reason::Error);
  EXPECT_EQ(end.signal, 0);
  EXPECT_EQ(end.message, "killed (137), cause unknown");
}

TEST(SlurmEnding, OurOwnKillIsOurs) {
  SlurmEnd end = noted({{"code", "137"}, {"told", "USR1"}});
  end.stopped_by_us = true;
  EXPECT_EQ(seen(end).signal, 9);
  EXPECT_EQ(seen(end).message, "ended by the signal that studyctl sent");
}

TEST(SlurmEnding, TheKernelTellsOfMemory) {
  SlurmEnd end = noted({{"code", "137"}, {"memory_kills", "1"}});
  end.memory_limit = 32 << 20;
  EXPECT_EQ(seen(end).reason, Reason::OOMKilled);
  EXPECT_EQ(seen(end).message, "killed at the memory limit (32.0 MiB)");
  end.notes["code"] = "0";
  EXPECT_EQ(seen(end).reason, Reason::Completed);
  EXPECT_EQ(seen(end).warnings.size(), 1u);
}

TEST(SlurmEnding, SlurmsTermIsItsTimeLimitOnlyWhereNoTimeIsLeft) {
  SlurmEnd end = noted({{"code", "143"}, {"told", "TERM"}, {"left", "0:45"}});
  EXPECT_EQ(seen(end).reason, Reason::Timeout);
  end.notes["left"] = "1-02:00:00";
  EXPECT_EQ(seen(end).reason, Reason::Interrupted);
  end.notes["left"] = "";
  EXPECT_EQ(seen(end).reason, Reason::Interrupted);
  end.run_timeout = 10s;
  EXPECT_EQ(seen(end).reason, Reason::Timeout);
}

TEST(SlurmEnding, WhatNeverRanMainIsRefused) {
  const Observation end =
      seen(noted({{"refused", "Error"}, {"message", "init container 0 (fetch) exited 4"}}));
  EXPECT_EQ(end.phase, Phase::Refused);
  EXPECT_EQ(end.reason, Reason::Error);
  EXPECT_EQ(end.message, "init container 0 (fetch) exited 4");
}

TEST(SlurmEnding, WithoutANoteSlurmsStateTells) {
  const std::map<std::string, Reason> reasons = {
      {"TIMEOUT", Reason::Timeout},         {"DEADLINE", Reason::Timeout},
      {"OUT_OF_MEMORY", Reason::OOMKilled}, {"NODE_FAIL", Reason::Interrupted},
      {"BOOT_FAIL", Reason::Interrupted},   {"PREEMPTED", Reason::Interrupted},
      {"CANCELLED", Reason::Interrupted},   {"FAILED", Reason::Error}};
  for (const auto& [state, reason] : reasons) {
    EXPECT_EQ(seen(in_state(state)).phase, Phase::Exited) << state;
    EXPECT_EQ(seen(in_state(state)).reason, reason) << state;
    EXPECT_NE(seen(in_state(state)).exit_code, 0) << state;
  }
}

TEST(SlurmEnding, WhatNobodyRemembersIsLost) {
  EXPECT_EQ(seen(in_state("")).phase, Phase::Missing);
  EXPECT_EQ(seen(in_state("")).reason, Reason::Lost);
  EXPECT_EQ(seen(in_state("COMPLETED")).phase, Phase::Missing);
}

TEST(SlurmEnding, ATaskThatNeverRanDoesNotCount) {
  Observation end = observation_of_never_run({"x"}, in_state("CANCELLED"), "/r/x");
  EXPECT_EQ(end.phase, Phase::Missing);
  EXPECT_EQ(end.reason, Reason::Interrupted);
  EXPECT_EQ(end.message, "somebody else cancelled it while it waited in Slurm's queue");
  SlurmEnd not_seen = in_state("FAILED");
  not_seen.exit_code = 75;
  end = observation_of_never_run({"x"}, not_seen, "/r/x");
  EXPECT_EQ(end.phase, Phase::Refused);
  EXPECT_EQ(end.message, "the node does not see /r/x: the results volume must lie where all nodes see it");
}

TEST(SlurmEnding, ReadsWhatIsLeftOfATime) {
  EXPECT_EQ(parse_time_left("0:45"), 45s);
  EXPECT_EQ(parse_time_left("2:03:04"), 2h + 3min + 4s);
  EXPECT_EQ(parse_time_left("1-02:03:04"), 26h + 3min + 4s);
  EXPECT_EQ(parse_time_left("UNLIMITED"), std::nullopt);
  EXPECT_EQ(parse_time_left(""), std::nullopt);
}

}  // namespace
}  // namespace studyctl
