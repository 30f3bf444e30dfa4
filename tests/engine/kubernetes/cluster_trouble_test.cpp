#include <gtest/gtest.h>

#include "engine/kubernetes/wire_cluster.h"

// What a cluster does not let us do for a while: it is said, and done once it may be.
namespace studyctl {
namespace {

using Phase = Observation::Phase;
using std::chrono::seconds;

bool is_held(const WireCluster& wire, const std::string& why) {
  return !wire.seen.empty() && wire.seen.back().phase == Phase::Preparing && wire.seen.back().is_queued &&
         wire.seen.back().message.find(why) != std::string::npos;
}

TEST(ClusterTrouble, ARightThatIsTakenAwayHoldsTheStartAndIsSaidOnce) {
  WireCluster wire;
  wire.server.on(WireCluster::kPost, WireCluster::denied("create", "jobs", "batch"));
  wire.start();
  const std::string rule = "a Role lacks {apiGroups: [batch], resources: [jobs], verbs: [create]}";
  ASSERT_TRUE(wire.until([&] { return is_held(wire, rule); }));
  EXPECT_NE(wire.engine->trouble().find(rule), std::string::npos);
  const size_t told = wire.seen.size();
  ASSERT_TRUE(wire.posts(4));
  EXPECT_EQ(wire.seen.size(), told);
  wire.server.on(WireCluster::kPost, Script().answer(201, "{}"));
  ASSERT_TRUE(wire.passes_until([&] { return wire.engine->trouble().empty(); }));
  EXPECT_EQ(wire.seen.back().message, "waits for its pod");
  EXPECT_FALSE(wire.seen.back().is_queued);
}

TEST(ClusterTrouble, ANamespaceThatGoesHoldsTheStartUntilItIsThereAnew) {
  WireCluster wire;
  wire.server.on(
      WireCluster::kPost,
      Script().answer(
          403,
          WireCluster::status(
              403,
              R"(jobs.batch \"a1\" is forbidden: unable to create new content in namespace lab because it is being terminated)")));
  wire.start();
  ASSERT_TRUE(wire.until([&] { return is_held(wire, "namespace lab is being deleted"); }));
  wire.server.on(
      WireCluster::kPost,
      Script().answer(404, R"({"message":"namespaces \"lab\" not found","details":{"kind":"namespaces"}})"));
  ASSERT_TRUE(wire.passes_until(
      [&] { return is_held(wire, "there is no namespace 'lab': kubectl create namespace lab"); }));
  wire.server.on(WireCluster::kPost, Script().answer(201, "{}"));
  ASSERT_TRUE(wire.passes_until([&] { return wire.engine->trouble().empty(); }));
}

TEST(ClusterTrouble, WhatAdmissionHasAgainstAJobIsItsEnd) {
  WireCluster wire;
  wire.server.on(
      WireCluster::kPost,
      Script().answer(403, WireCluster::status(403, "jobs.batch is forbidden: the image is not signed")));
  wire.start();
  ASSERT_TRUE(wire.until(Phase::Refused));
  EXPECT_EQ(wire.seen.back().reason, Reason::CreateError);
  EXPECT_TRUE(wire.engine->trouble().empty());
}

TEST(ClusterTrouble, AFullQuotaHoldsOneAttemptAndNotTheEngine) {
  WireCluster wire;
  wire.server.once(
      WireCluster::kPost,
      Script().answer(403, WireCluster::status(403, "jobs.batch is forbidden: exceeded quota: one")));
  wire.start();
  ASSERT_TRUE(wire.until([&] { return is_held(wire, "exceeded quota"); }));
  EXPECT_TRUE(wire.engine->trouble().empty());
  EXPECT_TRUE(wire.posts(2));
}

TEST(ClusterTrouble, WhatIsStoppedMeanwhileHasNotBegun) {
  WireCluster wire;
  wire.server.on(WireCluster::kPost, WireCluster::denied("create", "jobs", "batch"));
  wire.start();
  ASSERT_TRUE(wire.until([&] { return is_held(wire, "a Role lacks"); }));
  wire.engine->stop({"a1"}, seconds(1));
  ASSERT_TRUE(wire.until(Phase::Refused));
  EXPECT_EQ(wire.seen.back().reason, Reason::Cancelled);
  EXPECT_TRUE(wire.engine->trouble().empty());
}

TEST(ClusterTrouble, WhatMayHaveBeenMadeIsNoLongerQueuedAndIsDeletedBeforeItIsSaidToBeStopped) {
  WireCluster wire;
  wire.server.on(WireCluster::kPost, Script().answer(504, WireCluster::status(504, "timed out")));
  wire.start();
  ASSERT_TRUE(wire.passes_until(
      [&] { return !wire.seen.empty() && wire.seen.back().message.find("timed out") != std::string::npos; }));
  EXPECT_FALSE(wire.seen.back().is_queued) << "it is not for sure that nothing of it runs";
  wire.engine->stop({"a1"}, seconds(1));
  ASSERT_TRUE(wire.passes_until([&] { return wire.seen.back().phase == Phase::Refused; }));
  EXPECT_EQ(wire.seen.back().reason, Reason::Cancelled);
  EXPECT_EQ(wire.server.count("DELETE */jobs/a1*"), 1);
}

std::string failed_mount(const std::string& at) {
  return R"({"items":[{"type":"Warning","involvedObject":{"name":"a1-u1"},"reason":"FailedMount",
      "message":"no such share","lastTimestamp":"2026-11-22T)" +
         at + R"(Z"}]})";
}

TEST(ClusterTrouble, AMountThatFailedOnceIsNoReasonToRefuseWhatWaitsForSomethingElse) {
  WireCluster wire;
  wire.server.on("GET */events*", Script().answer(200, failed_mount("00:00:01")));
  wire.lists("1", WireCluster::pod(WireCluster::main_is(R"({"waiting":{"reason":"ContainerCreating"}})")));
  wire.begin();
  wire.start();
  ASSERT_TRUE(wire.passes_until([&] { return wire.server.count("GET */events*") >= 20; }));
  EXPECT_EQ(wire.seen.back().phase, Phase::Preparing);
  wire.server.on("GET */events*", Script().answer(200, failed_mount("00:00:33")));
  ASSERT_TRUE(wire.passes_until([&] { return wire.seen.back().phase == Phase::Refused; }));
  EXPECT_NE(wire.seen.back().message.find("its volumes cannot be mounted: no such share"), std::string::npos);
}

TEST(ClusterTrouble, AJobThatSomebodyDeletedBeforeItHadAPodIsNotWaitedFor) {
  WireCluster wire;
  wire.server.on("GET */jobs/a1", Script().answer(404, "{}"));
  wire.start();
  ASSERT_TRUE(
      wire.passes_until([&] { return !wire.seen.empty() && wire.seen.back().phase == Phase::Missing; }));
  EXPECT_EQ(wire.seen.back().message, "somebody else deleted its Job");
  EXPECT_EQ(wire.seen.back().reason, Reason::Interrupted);
}

TEST(ClusterTrouble, WhatCannotBeDeletedIsDeletedLater) {
  WireCluster wire;
  wire.lists("1", WireCluster::pod(WireCluster::exited(0)));
  wire.begin();
  wire.start();
  ASSERT_TRUE(wire.until(Phase::Exited));
  wire.server.on("DELETE */jobs/*", WireCluster::denied("delete", "jobs", "batch"));
  wire.engine->forget({"a1"});
  ASSERT_TRUE(wire.until([&] { return !wire.engine->trouble().empty(); }));
  wire.server.on("DELETE */jobs/*", Script().answer(200, "{}"));
  wire.server.on("DELETE */pods/*", Script().answer(404, "{}"));
  ASSERT_TRUE(wire.passes_until([&] { return wire.seen.back().phase == Phase::Gone; }));
  EXPECT_EQ(wire.seen.back().message, "");
}

TEST(ClusterTrouble, ALogThatMayNotBeReadNowIsReadLater) {
  WireCluster wire;
  wire.server.on("GET */log*", WireCluster::denied("get", "pods/log", ""));
  wire.lists("1", WireCluster::pod(WireCluster::exited(0)));
  wire.begin();
  wire.start();
  ASSERT_TRUE(wire.until([&] { return wire.engine->trouble().find("pods/log") != std::string::npos; }));
  wire.server.on("GET */log*", Script().answer(200, "all of it\n"));
  ASSERT_TRUE(wire.passes_until([&] { return wire.seen.back().phase == Phase::Exited; }));
  EXPECT_EQ(wire.out(), "all of it\n");
  EXPECT_TRUE(wire.seen.back().warnings.empty());
}

TEST(ClusterTrouble, ALogThatItsNodeRotatedMeanwhileIsSaidToLackSomething) {
  WireCluster wire;
  const auto begins = [] { return Script().begin_stream().chunk("all that it said\n"); };
  wire.server.on("GET */log*", Script().answer(200, "new\n"));
  wire.server.once("GET */log*", begins().stall("break").close());
  wire.server.on(WireCluster::kWatch,
                 Script()
                     .begin_stream()
                     .stall("end")
                     .chunk(WireCluster::line("MODIFIED", WireCluster::pod(WireCluster::exited(0), "u1", 6)))
                     .stall());
  wire.lists("1", WireCluster::pod(WireCluster::running()));
  wire.begin();
  wire.start();
  ASSERT_TRUE(wire.until([&] { return wire.out() == "all that it said\n"; }));
  wire.server.open("break");
  wire.server.open("end");
  ASSERT_TRUE(wire.passes_until([&] { return wire.seen.back().phase == Phase::Exited; }));
  ASSERT_EQ(wire.seen.back().warnings.size(), 1u);
  EXPECT_EQ(wire.seen.back().warnings[0],
            "its node has rotated its log while it was not followed: its log may lack what it said last");
}

TEST(ClusterTrouble, ANewTokenInItsFileIsTakenAtOnce) {
  WireCluster wire;
  wire.access.token_file = wire.directory.path() / "token";
  std::ofstream(wire.access.token_file) << "old\n";
  wire.server.on(WireCluster::kPost, [&](const WireRequest& request) {
    const bool is_new = request.headers.at("authorization") == "Bearer new";
    return is_new ? Script().answer(201, "{}") : Script().answer(401, "{}");
  });
  wire.begin();
  wire.start();
  ASSERT_TRUE(wire.until([&] { return is_held(wire, "(401): the token may be expired"); }));
  std::ofstream(wire.access.token_file) << "new\n";
  ASSERT_TRUE(wire.passes_until([&] { return wire.engine->trouble().empty(); }));
  EXPECT_EQ(wire.server.count(WireCluster::kPost), 2);
}

TEST(ClusterTrouble, AServerThatAsksForTimeGetsIt) {
  WireCluster wire;
  wire.server.once(WireCluster::kPost, Script().answer(429, "{}", {{"Retry-After", "7"}}));
  wire.start();
  ASSERT_TRUE(wire.until([&] { return wire.server.count(WireCluster::kPost) == 1; }));
  const Steady asked = wire.clock.steady();
  ASSERT_TRUE(wire.posts(2));
  EXPECT_GE(wire.clock.steady() - asked, seconds(7));
  EXPECT_LE(wire.clock.steady() - asked, seconds(9));
}

TEST(ClusterTrouble, AServerThatFailsForAMinuteIsSaidAndLosesNothing) {
  WireCluster wire;
  wire.server.on(WireCluster::kPost,
                 Script().answer(500, WireCluster::status(500, "etcdserver: leader changed")));
  wire.start();
  const Steady began = wire.clock.steady();
  ASSERT_TRUE(wire.passes_until([&] { return !wire.engine->trouble().empty(); }));
  EXPECT_EQ(wire.engine->trouble(), "the cluster: etcdserver: leader changed");
  ASSERT_TRUE(wire.passes_until([&] { return wire.clock.steady() - began >= seconds(60); }));
  EXPECT_LE(wire.server.count(WireCluster::kPost), 14);
  wire.server.on(WireCluster::kPost, Script().answer(201, "{}"));
  ASSERT_TRUE(wire.passes_until([&] { return wire.engine->trouble().empty(); }));
  EXPECT_EQ(wire.seen.back().message, "waits for its pod");
}

TEST(ClusterTrouble, AServerThatIsAwayForAMinuteIsSaidAndLosesNothing) {
  WireCluster wire;
  wire.start();
  ASSERT_TRUE(wire.until([&] { return wire.server.count(WireCluster::kPost) == 1; }));
  wire.server.stop();
  const Steady began = wire.clock.steady();
  ASSERT_TRUE(wire.passes_until([&] { return wire.clock.steady() - began >= seconds(60); }));
  EXPECT_NE(wire.engine->trouble().find("the cluster: "), std::string::npos);
  wire.lists("9", WireCluster::pod(WireCluster::exited(0)));
  wire.server.start();
  ASSERT_TRUE(wire.passes_until([&] { return wire.seen.back().phase == Phase::Exited; }));
  EXPECT_EQ(wire.server.count(WireCluster::kPost), 1);
  EXPECT_TRUE(wire.engine->trouble().empty());
}

TEST(ClusterTrouble, AJobThatEndedAndHasNoPodIsNotWaitedFor) {
  WireCluster wire;
  wire.server.on("GET */jobs?*", Script().answer(200, R"({"items":[{"metadata":{"name":"a1"},
      "status":{"conditions":[{"type":"Failed","status":"True"}]}}]})"));
  bool is_answered = false;
  wire.engine->resync({{wire.spec(), true}}, [&](const Result<void>& done) { is_answered = bool(done); });
  ASSERT_TRUE(wire.until([&] { return is_answered && wire.server.count("DELETE */jobs/a1*") == 1; }));
  EXPECT_EQ(wire.seen.front().phase, Phase::Missing);
}

TEST(ClusterTrouble, AJobThatFailsWithoutAPodIsNotWaitedFor) {
  WireCluster wire;
  wire.server.on(
      "GET */events*",
      Script().answer(
          200, R"({"items":[{"type":"Warning","involvedObject":{"name":"a1"},"reason":"BackoffLimitExceeded",
      "message":"Job has reached the specified backoff limit","lastTimestamp":"2026-11-22T00:00:02Z"}]})"));
  wire.start();
  ASSERT_TRUE(
      wire.passes_until([&] { return !wire.seen.empty() && wire.seen.back().phase == Phase::Missing; }));
  EXPECT_EQ(wire.seen.back().reason, Reason::Interrupted);
}

TEST(ClusterTrouble, AnotherPodThatWasMadeWhileNobodyLookedIsNotUsed) {
  WireCluster wire;
  wire.server.on("GET */log*", Script().begin_stream().stall());
  wire.lists("5", WireCluster::pod(WireCluster::running(), "u1"));
  wire.begin();
  wire.start();
  ASSERT_TRUE(wire.until(Phase::Running));
  const std::string second = WireCluster::pod(WireCluster::running(), "u2", 8);
  wire.lists("7", second);
  wire.server.on("GET */jobs?*", Script().answer(200, R"({"items":[{"metadata":{"name":"a1"}}]})"));
  wire.begin();
  bool is_answered = false;
  wire.engine->resync({{wire.spec(), true}}, [&](const Result<void>& done) { is_answered = bool(done); });
  ASSERT_TRUE(wire.until([&] { return is_answered && wire.server.count("DELETE */jobs/a1*") == 1; }));
  EXPECT_EQ(wire.seen.back().phase, Phase::Preparing);
  wire.lists("9");
  wire.server.stop();
  wire.server.start();
  ASSERT_TRUE(wire.passes_until([&] { return wire.seen.back().phase == Phase::Missing; }));
  EXPECT_EQ(wire.seen.back().reason, Reason::Interrupted);
  EXPECT_NE(wire.seen.back().message.find("taken away while no controller looked"), std::string::npos);
}

}  // namespace
}  // namespace studyctl
