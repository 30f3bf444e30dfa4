#include "store/summary.h"

#include <gtest/gtest.h>

#include "store/run_events.h"

namespace studyctl {
namespace {

TEST(Summary, TellsStatesReasonsAndFiguresAndNothingThatIsZero) {
  Status status;
  status.study = "nmr";
  status.run_id = kRunId;
  status.state = RunState::CompletedWithFailures;
  status.state_reason = "1 failed\x1b[31m";
  status.started_at = kStart;
  status.finished_at = kStart + std::chrono::minutes(90);
  status.total = 4;
  status.counts[static_cast<size_t>(RepetitionState::Succeeded)] = 3;
  status.counts[static_cast<size_t>(RepetitionState::Failed)] = 1;
  status.reasons[static_cast<size_t>(Reason::Timeout)] = 2;
  status.failures = {{"water-1", "{}", 1, Reason::Timeout, "after 45m", kStart}};
  const std::string text = summary_text(status, {7200, 14400, 0}, {"energy moves with time"});
  EXPECT_NE(text.find("state                 CompletedWithFailures: 1 failed"), std::string::npos) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("took                  1h 30m"), std::string::npos) << text;
  EXPECT_NE(text.find("  Succeeded           3\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  Timeout             2\n"), std::string::npos) << text;
  EXPECT_NE(text.find("core time           4h"), std::string::npos) << text;
  EXPECT_NE(text.find("water-1 cycle 1: Timeout: after 45m"), std::string::npos) << text;
  EXPECT_NE(text.find("\nbeware\n  energy moves with time\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("Infeasible"), std::string::npos);
  EXPECT_EQ(text.find("device time"), std::string::npos);
}

}  // namespace
}  // namespace studyctl
