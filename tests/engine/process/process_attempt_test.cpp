#include "engine/process/process_attempt.h"

#include <gtest/gtest.h>

#include <csignal>

namespace studyctl {
namespace {

using Phase = Observation::Phase;
using Kind = ProcessOrder::Kind;

class ProcessAttemptTest : public ::testing::Test {
 protected:
  ProcessAttemptTest() {
    spec_.id.text = "a";
    spec_.labels = {{"studyctl.io/run", "run"}};
    spec_.main.command = {"true"};
    spec_.directory = "/v/a";
  }
  ProcessAttempt& attempt() {
    if (!attempt_)
      attempt_.emplace(spec_, ProcessAttemptParts{
                                  options_, [this](const ProcessOrder& order) { orders_.push_back(order); },
                                  [this](Observation seen) { seen_.push_back(std::move(seen)); }});
    return *attempt_;
  }
  void run() {
    attempt().create();
    attempt().start();
    attempt().on_news({ProcessNews::Kind::Running, process("a")});
  }
  static SupervisedProcess process(const std::string& id) { return {id, "run", 7, Instant(Duration(1))}; }
  static SupervisedProcess ended(const std::string& id, SupervisedEnd end) {
    SupervisedProcess made = process(id);
    made.end = end;
    return made;
  }
  ProcessNews end_of(const std::string& id, SupervisedEnd end) {
    return {ProcessNews::Kind::Ended, ended(id, end)};
  }
  const Observation& last() const { return seen_.back(); }
  std::string story() const {
    std::string text;
    for (const ProcessOrder& order : orders_)
      text += std::string(order.kind == Kind::Start  ? "start "
                          : order.kind == Kind::Stop ? "stop "
                                                     : "forget ") +
              order.id + ";";
    return text;
  }

  ProcessOptions options_;
  AttemptSpec spec_;
  std::optional<ProcessAttempt> attempt_;
  std::vector<ProcessOrder> orders_;
  std::vector<Observation> seen_;
};

TEST_F(ProcessAttemptTest, NothingRunsBeforeItIsStarted) {
  attempt().create();
  EXPECT_EQ(last().phase, Phase::Created);
  EXPECT_EQ(story(), "");
  attempt().start();
  attempt().start();
  EXPECT_EQ(story(), "start a;");
  EXPECT_EQ(orders_[0].start.out, "/v/a/stdout.log");
  EXPECT_EQ(orders_[0].start.err, "/v/a/stderr.log");
  EXPECT_EQ(orders_[0].start.run, "run");
}

TEST_F(ProcessAttemptTest, OneThatWasOnlyMeantToBeIsMadeByTheNextController) {
  attempt().adopt({spec_, false}, {});
  EXPECT_EQ(last().phase, Phase::Missing);
  EXPECT_EQ(last().reason, Reason::Lost);
  attempt().create();
  EXPECT_EQ(last().phase, Phase::Created);
  attempt().start();
  EXPECT_EQ(story(), "start a;");
}

TEST_F(ProcessAttemptTest, InitContainersRunOneAfterAnother) {
  spec_.init.resize(2, spec_.main);
  attempt().create();
  EXPECT_EQ(last().phase, Phase::Preparing);
  attempt().on_news(end_of("a-i0", {}));
  EXPECT_EQ(story(), "start a-i0;start a-i1;");
  EXPECT_EQ(orders_[1].start.out, "/v/a/init-1.log");
  attempt().on_news(end_of("a-i1", {}));
  EXPECT_EQ(last().phase, Phase::Created);
}

TEST_F(ProcessAttemptTest, AnInitContainerThatFailsEndsIt) {
  spec_.init.push_back(spec_.main);
  spec_.init[0].name = "fetch";
  attempt().create();
  attempt().on_news(end_of("a-i0", {true, 3, 0, {}, 0}));
  EXPECT_EQ(last().phase, Phase::Refused);
  EXPECT_EQ(last().reason, Reason::Error);
  EXPECT_EQ(last().message, "init container 0 (fetch) exited 3");
}

TEST_F(ProcessAttemptTest, AnEndHasItsCodeAndItsSignal) {
  run();
  EXPECT_EQ(last().phase, Phase::Running);
  attempt().on_news(end_of("a", {true, 128 + SIGSEGV, SIGSEGV, Instant(Duration(9)), 0}));
  EXPECT_EQ(last().phase, Phase::Exited);
  EXPECT_EQ(last().reason, Reason::Error);
  EXPECT_EQ(last().signal, SIGSEGV);
  EXPECT_EQ(last().message, "ended by signal 11");
  EXPECT_EQ(*last().finished_at - *last().started_at, Duration(8));
}

TEST_F(ProcessAttemptTest, AKillThatWeSentIsOurs) {
  run();
  attempt().stop(Duration(5000));
  EXPECT_EQ(orders_.back().grace, Duration(5000));
  attempt().on_news(end_of("a", {true, 137, SIGKILL, {}, 0}));
  EXPECT_EQ(last().message, "ended by the signal that studyctl sent");
}

TEST_F(ProcessAttemptTest, AKillThatNobodyOwnsUpToIsOfUnknownCause) {
  run();
  attempt().on_news(end_of("a", {true, 137, SIGKILL, {}, 0}));
  EXPECT_EQ(last().reason, Reason::Error);
  EXPECT_EQ(last().message, "killed (137), cause unknown");
}

TEST_F(ProcessAttemptTest, AKillAtTheMemoryLimitIsOutOfMemory) {
  spec_.main.resources.memory_bytes = 32 << 20;
  run();
  EXPECT_EQ(orders_[0].start.limits.memory_bytes, 32 << 20);
  attempt().on_news(end_of("a", {true, 137, SIGKILL, {}, 1}));
  EXPECT_EQ(last().reason, Reason::OOMKilled);
  EXPECT_EQ(last().message, "killed at the memory limit (32.0 MiB)");
}

TEST_F(ProcessAttemptTest, AnInnerKillAtTheMemoryLimitIsAWarningOfASuccess) {
  run();
  attempt().on_news(end_of("a", {true, 0, 0, {}, 1}));
  EXPECT_EQ(last().reason, Reason::Completed);
  EXPECT_EQ(last().warnings, std::vector<std::string>{"a process in it was killed at the memory limit"});
}

TEST_F(ProcessAttemptTest, OneThatIsStoppedBeforeItsStartNeverRuns) {
  attempt().create();
  attempt().stop(Duration(0));
  EXPECT_EQ(last().phase, Phase::Refused);
  EXPECT_EQ(last().reason, Reason::Cancelled);
  attempt().start();
  EXPECT_EQ(story(), "");
}

TEST_F(ProcessAttemptTest, WithoutACommandItIsRefused) {
  spec_.main.command.clear();
  attempt().create();
  EXPECT_EQ(last().reason, Reason::CreateError);
}

TEST_F(ProcessAttemptTest, ANewControllerTakesUpWhatRuns) {
  attempt().adopt({spec_, true}, {{"a", process("a")}});
  EXPECT_EQ(last().phase, Phase::Running);
  EXPECT_EQ(story(), "");
}

TEST_F(ProcessAttemptTest, ANewControllerIsToldOfAnEndThatNobodySaw) {
  attempt().adopt({spec_, true}, {{"a", ended("a", {true, 4, 0, {}, 0})}});
  ASSERT_EQ(seen_.size(), 2u);
  EXPECT_EQ(seen_[0].phase, Phase::Running);
  EXPECT_EQ(seen_[1].exit_code, 4);
}

TEST_F(ProcessAttemptTest, WhatWasMeantToStartAndIsNotThereIsNotStartedAgain) {
  attempt().adopt({spec_, true}, {});
  EXPECT_EQ(last().phase, Phase::Missing);
  EXPECT_EQ(last().reason, Reason::Lost);
  EXPECT_EQ(story(), "");
}

TEST_F(ProcessAttemptTest, WhatWasNeverMeantToStartIsLostWithItsController) {
  spec_.init.resize(1, spec_.main);
  attempt().adopt({spec_, false}, {{"a-i0", process("a-i0")}});
  EXPECT_EQ(last().phase, Phase::Missing);
  EXPECT_EQ(last().reason, Reason::Lost);
  attempt().forget();
  EXPECT_EQ(story(), "forget a-i0;forget a;");
}

TEST_F(ProcessAttemptTest, AnOrderThatWasLostWithTheConnectionIsGivenAgain) {
  attempt().create();
  attempt().start();
  attempt().compare({});
  EXPECT_EQ(story(), "start a;start a;");
}

TEST_F(ProcessAttemptTest, WhatRanWhenItsSupervisorWasKilledIsInterrupted) {
  run();
  attempt().compare({{"a", ended("a", {false, 137, 9, {}, 0})}});
  EXPECT_EQ(last().phase, Phase::Missing);
  EXPECT_EQ(last().reason, Reason::Interrupted);
}

TEST_F(ProcessAttemptTest, WhatRanAndNobodyKnowsIsLost) {
  run();
  attempt().compare({});
  EXPECT_EQ(last().reason, Reason::Lost);
}

TEST_F(ProcessAttemptTest, AStopIsAskedForAgainWhereTheConnectionWasLost) {
  run();
  attempt().stop(Duration(9));
  attempt().compare({{"a", process("a")}});
  EXPECT_EQ(story(), "start a;stop a;stop a;");
}

TEST_F(ProcessAttemptTest, ItIsGoneOnceAllOfItIsForgotten) {
  spec_.init.resize(1, spec_.main);
  attempt().forget();
  EXPECT_EQ(story(), "forget a-i0;forget a;");
  attempt().on_news({ProcessNews::Kind::Gone, process("a-i0")});
  EXPECT_FALSE(attempt().is_gone());
  attempt().on_news({ProcessNews::Kind::Gone, process("a")});
  EXPECT_TRUE(attempt().is_gone());
  EXPECT_EQ(last().phase, Phase::Gone);
}

}  // namespace
}  // namespace studyctl
