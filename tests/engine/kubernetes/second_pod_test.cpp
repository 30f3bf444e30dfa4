#include <gtest/gtest.h>

#include "engine/kubernetes/wire_cluster.h"

// A Job makes another pod for one that goes, and its controller hears late that the Job itself is to go: no
// attempt runs twice for that.
namespace studyctl {
namespace {

using Phase = Observation::Phase;
using std::chrono::seconds;

class SecondPod : public testing::Test {
 protected:
  // What the watch shows once the gate "then" is open. `now`: the pod that is there from the first look on.
  void begin(const std::string& now, const std::string& then) {
    wire.server.on(WireCluster::kWatch, Script().begin_stream().stall("then").chunk(then).stall());
    wire.lists("5", now);
    wire.begin();
    wire.start();
  }
  void begin_running(const std::string& then) {
    wire.server.on("GET */log*", Script().begin_stream().stall());
    begin(owned(WireCluster::running()), then);
  }
  static std::string owned(const std::string& status, int version = 5) {
    return WireCluster::pod(status, "u1", version, R"("ownerReferences":[{"kind":"Job"}],)");
  }
  static std::string shown(const std::string& pod) { return WireCluster::line("MODIFIED", pod); }
  int removed_jobs() const { return wire.server.count("DELETE */jobs/a1?propagationPolicy=Orphan"); }
  int removed_pods(const std::string& name = "a1-u1") const {
    return wire.server.count("DELETE */pods/" + name + "?*");
  }
  bool removes_job_alone() {
    if (!wire.until([&] { return removed_jobs() == 1; })) return false;
    for (int turn = 0; turn < 20; ++turn) wire.loop.run_once(Duration(1));
    return removed_pods() == 0;
  }

  WireCluster wire;
};

const std::string kPending = R"({"phase":"Pending"})";

TEST_F(SecondPod, APodThatHasEndedIsRemovedOnceItIsPartedFromItsJob) {
  begin(owned(WireCluster::exited(0)), shown(WireCluster::pod(WireCluster::exited(0), "u1", 6)));
  ASSERT_TRUE(wire.until(Phase::Exited));
  wire.engine->forget({"a1"});
  ASSERT_TRUE(removes_job_alone());
  wire.server.open("then");
  ASSERT_TRUE(wire.until([&] { return removed_pods() == 1; }));
}

TEST_F(SecondPod, APodThatRunsIsStoppedOnceItIsPartedFromItsJob) {
  begin_running(shown(WireCluster::pod(WireCluster::running(), "u1", 6)));
  ASSERT_TRUE(wire.until(Phase::Running));
  wire.engine->stop({"a1"}, seconds(7));
  ASSERT_TRUE(removes_job_alone());
  wire.server.open("then");
  ASSERT_TRUE(wire.until([&] { return removed_pods() == 1; }));
}

TEST_F(SecondPod, AClusterThatPartsNothingIsNotWaitedForForLong) {
  begin_running("");
  ASSERT_TRUE(wire.until(Phase::Running));
  const Steady began = wire.clock.steady();
  wire.engine->stop({"a1"}, seconds(7));
  ASSERT_TRUE(wire.passes_until([&] { return removed_pods() == 1; }));
  EXPECT_GE(wire.clock.steady() - began, seconds(10));
  EXPECT_LE(wire.clock.steady() - began, seconds(12));
}

TEST_F(SecondPod, OneThatComesAfterTheEndIsRemovedBeforeItRuns) {
  const std::string of_another = R"({"metadata":{"name":"b1-u3","uid":"u3","resourceVersion":"7",
      "labels":{"studyctl.io/attempt-id":"b1","studyctl.io/run":"s"}},"status":{"phase":"Pending"}})";
  std::string one_line = of_another;
  std::erase(one_line, '\n');
  begin(WireCluster::pod(WireCluster::exited(0)),
        shown(one_line) + shown(WireCluster::pod(kPending, "u2", 8)));
  wire.server.on("DELETE */pods/a1-u1*", Script().answer(404, "{}"));
  ASSERT_TRUE(wire.until(Phase::Exited));
  wire.engine->forget({"a1"});
  ASSERT_TRUE(wire.until(Phase::Gone));
  wire.server.open("then");
  ASSERT_TRUE(wire.until([&] { return removed_pods("a1-u2") == 1; }));
  EXPECT_EQ(wire.server.count("DELETE */pods/a1-u2?gracePeriodSeconds=0*"), 1);
  EXPECT_EQ(removed_pods("b1-u3"), 0);
}

TEST_F(SecondPod, OfSeveralThatADeadControllerLeftTheOneThatRanCounts) {
  ASSERT_TRUE(write_file_atomically(wire.spec().scratch / "pod", "u1"));
  wire.lists("9",
             WireCluster::pod(kPending, "a2", 8) + "," + WireCluster::pod(WireCluster::exited(3), "u1", 7));
  wire.server.on("GET */jobs?*", Script().answer(200, R"({"items":[{"metadata":{"name":"a1"}}]})"));
  wire.begin();
  bool is_answered = false;
  wire.engine->resync({{wire.spec(), true}}, [&](const Result<void>& done) { is_answered = bool(done); });
  ASSERT_TRUE(wire.until([&] { return is_answered && removed_pods("a1-a2") == 1; }));
  ASSERT_TRUE(wire.until(Phase::Exited));
  EXPECT_EQ(wire.seen.back().exit_code, 3);
  EXPECT_EQ(removed_pods("a1-u1"), 0);
}

TEST_F(SecondPod, OneThatComesBesideOneThatRunsIsRemoved) {
  begin_running(shown(WireCluster::pod(kPending, "u2", 8)));
  ASSERT_TRUE(wire.until(Phase::Running));
  wire.server.open("then");
  ASSERT_TRUE(wire.until([&] { return removed_pods("a1-u2") == 1; }));
  EXPECT_EQ(removed_pods("a1-u1"), 0);
  EXPECT_EQ(wire.seen.back().phase, Phase::Running);
}

}  // namespace
}  // namespace studyctl
