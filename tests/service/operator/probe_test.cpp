#include "service/operator/probe.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

ApiResponse asked(const std::string& path, bool is_alive, bool acts, const std::string& waits_for) {
  ApiRequest request;
  request.method = "GET";
  request.path = path;
  return probe_answer(request, is_alive, acts, waits_for);
}

TEST(Probe, OfOneWhoActsIsWell) {
  EXPECT_EQ(asked("/healthz", true, true, "").status, 200);
  EXPECT_EQ(asked("/readyz", true, true, "").status, 200);
}

TEST(Probe, OfOneWhoWaitsSaysThatHeLivesAndForWhom) {
  const ApiResponse health = asked("/healthz", true, false, "lab-0_1");
  EXPECT_EQ(health.status, 200);
  EXPECT_EQ(health.body, "ok: waits for lab-0_1\n");
  const ApiResponse readiness = asked("/readyz", true, false, "lab-0_1");
  EXPECT_EQ(readiness.status, 503);
  EXPECT_NE(readiness.body.find("waits for lab-0_1"), std::string::npos);
}

TEST(Probe, OfALeaderWithoutItsResultsIsNotReadyYet) {
  EXPECT_EQ(asked("/readyz", true, false, "").status, 503);
  EXPECT_EQ(asked("/healthz", true, false, "").body, "ok: leads, and opens the results\n");
}

TEST(Probe, OfAnElectionThatStandsStillIsSick) {
  EXPECT_EQ(asked("/healthz", false, true, "").status, 503);
}

TEST(Probe, AnswersNothingElse) {
  EXPECT_EQ(asked("/api/v1/studies", true, true, "").status, 404);
}

}  // namespace
}  // namespace studyctl
