#include "service/operator/probe.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

using Standing = Leadership::Standing;

ApiResponse asked(const std::string& path, const Standing& standing) {
  ApiRequest request;
  request.method = "GET";
  request.path = path;
  return probe_answer(request, standing);
}

TEST(Probe, OfOneWhoActsIsWell) {
  const Standing acts{true, true, true, ""};
  EXPECT_EQ(asked("/healthz", acts).status, 200);
  EXPECT_EQ(asked("/readyz", acts).body, "ok: acts\n");
}

TEST(Probe, OfOneWhoWaitsSaysThatHeLivesAndForWhom) {
  const Standing waits{true, false, false, "lab-0_1"};
  const ApiResponse health = asked("/healthz", waits);
  EXPECT_EQ(health.status, 200);
  EXPECT_EQ(health.body, "ok: waits for lab-0_1\n");
  const ApiResponse readiness = asked("/readyz", waits);
  EXPECT_EQ(readiness.status, 503);
  EXPECT_NE(readiness.body.find("waits for lab-0_1"), std::string::npos);
}

TEST(Probe, OfOneWhoStandsByWhereALabelLeadsIsReady) {
  const ApiResponse readiness = asked("/readyz", {true, false, true, "lab-0_1"});
  EXPECT_EQ(readiness.status, 200);
  EXPECT_EQ(readiness.body, "ok: waits for lab-0_1\n");
}

TEST(Probe, OfALeaderThatNobodyIsLedToIsNotReadyYet) {
  const Standing opens{true, false, false, ""}, hidden{true, true, false, ""};
  EXPECT_EQ(asked("/readyz", opens).status, 503);
  EXPECT_EQ(asked("/healthz", opens).body, "ok: leads, and opens the results\n");
  EXPECT_EQ(asked("/readyz", hidden).status, 503);
  EXPECT_EQ(asked("/healthz", hidden).body, "ok: acts, and its pod is not labelled yet\n");
}

TEST(Probe, OfAnElectionThatStandsStillIsSick) {
  EXPECT_EQ(asked("/healthz", {false, true, true, ""}).status, 503);
}

TEST(Probe, AnswersNothingElse) {
  EXPECT_EQ(asked("/api/v1/studies", {true, true, true, ""}).status, 404);
}

}  // namespace
}  // namespace studyctl
