#include "engine/kubernetes/object_watch.h"

#include <gtest/gtest.h>

#include "engine/kubernetes/wire_cluster.h"

// How an engine keeps up with the pods of a cluster, whatever becomes of what it listens to.
namespace studyctl {
namespace {

using Phase = Observation::Phase;

// The watch that is asked for next says these lines, and stays or ends.
Script watch_of(const std::vector<std::string>& lines) {
  Script script;
  script.begin_stream();
  for (const std::string& line : lines) script.chunk(line);
  return script;
}

struct ObjectWatchTest : testing::Test {
  // Its pod runs, and is known.
  void run_one() {
    wire.lists("5", WireCluster::pod(WireCluster::running()));
    wire.server.on("GET */log*", Script().begin_stream().stall("log"));
    wire.begin();
    wire.start();
    ASSERT_TRUE(wire.until(Phase::Running));
  }
  bool watches(const std::string& version, int count = 1) {
    return wire.passes_until(
        [&] { return wire.server.count("GET */pods?*watch=1*resourceVersion=" + version) >= count; });
  }
  WireCluster wire;
};

TEST_F(ObjectWatchTest, GoesOnWhereABookmarkSaidOnceItsTimeIsOver) {
  wire.server.once(
      WireCluster::kWatch,
      watch_of({WireCluster::line("BOOKMARK", R"({"metadata":{"resourceVersion":"77"}})")}).end_stream());
  EXPECT_TRUE(watches("77"));
  EXPECT_EQ(wire.server.count(WireCluster::kList), 1);
  EXPECT_EQ(wire.server.count("GET */pods?*allowWatchBookmarks=true*"),
            wire.server.count(WireCluster::kWatch));
}

TEST_F(ObjectWatchTest, ListsAnewWhenTheServerHasForgottenWhereItWas) {
  wire.server.once(
      WireCluster::kWatch,
      watch_of({WireCluster::line("ERROR", WireCluster::status(410, "too old resource version"))})
          .end_stream());
  wire.lists("90");
  EXPECT_TRUE(watches("90"));
}

TEST_F(ObjectWatchTest, ListsAnewWhenThatIsTheAnswersStatus) {
  wire.server.once(WireCluster::kWatch, Script().answer(410, WireCluster::status(410, "Gone")));
  wire.lists("91");
  EXPECT_TRUE(watches("91"));
}

TEST_F(ObjectWatchTest, BeginsAListAnewWhosePagesAreForgotten) {
  wire.server.on("GET */pods?*limit=500",
                 Script().answer(200, R"({"metadata":{"resourceVersion":"1","continue":"c"},"items":[]})"));
  wire.server.once("GET */pods?*continue=c", Script().answer(410, WireCluster::status(410, "expired")));
  wire.server.on("GET */pods?*continue=c", Script().answer(200, WireCluster::list("44")));
  EXPECT_TRUE(watches("44"));
  EXPECT_EQ(wire.server.count("GET */pods?*continue=c"), 2);
}

TEST_F(ObjectWatchTest, AnErrorThatIsNoneOfTimeIsSaidAndListedAnew) {
  wire.server.once(WireCluster::kWatch,
                   watch_of({WireCluster::line("ERROR", WireCluster::status(500, "internal"))}).end_stream());
  wire.lists("92");
  EXPECT_TRUE(watches("92"));
}

TEST_F(ObjectWatchTest, WhatWasMissedIsFoundByTheNextList) {
  run_one();
  const std::string cut = WireCluster::line("MODIFIED", WireCluster::pod(WireCluster::exited(3), "u1", 6));
  wire.server.on(WireCluster::kWatch, watch_of({cut.substr(0, cut.size() / 2)}).close());
  wire.lists("8", WireCluster::pod(WireCluster::exited(3), "u1", 7));
  wire.begin();
  wire.start();
  wire.server.on("GET */log*", Script().answer(200, "x\n"));
  wire.server.open("log");
  ASSERT_TRUE(
      wire.passes_until([&] { return !wire.seen.empty() && wire.seen.back().phase == Phase::Exited; }));
  EXPECT_EQ(wire.seen.back().exit_code, 3);
}

TEST_F(ObjectWatchTest, AWatchThatIsHeldLongerThanTheServerWouldIsNotTrusted) {
  ASSERT_TRUE(watches("1"));
  const Steady began = wire.clock.steady();
  wire.lists("93");
  EXPECT_TRUE(watches("93"));
  EXPECT_GE(wire.clock.steady() - began, std::chrono::minutes(8));
  EXPECT_LE(wire.clock.steady() - began, std::chrono::minutes(10));
}

TEST_F(ObjectWatchTest, APodThatIsInNoListAnyMoreWasDeleted) {
  run_one();
  wire.lists("95");
  wire.server.once(WireCluster::kWatch,
                   watch_of({WireCluster::line("ERROR", WireCluster::status(410, "too old"))}).end_stream());
  wire.server.stop();
  wire.server.start();
  ASSERT_TRUE(wire.passes_until([&] { return wire.seen.back().phase == Phase::Missing; }));
  EXPECT_EQ(wire.seen.back().reason, Reason::Interrupted);
}

TEST_F(ObjectWatchTest, AServerThatEndsEveryWatchAtOnceIsNotAskedWithoutPause) {
  wire.server.on(WireCluster::kWatch, Script().begin_stream().end_stream());
  const Steady began = wire.clock.steady();
  ASSERT_TRUE(wire.passes_until([&] { return wire.clock.steady() - began >= std::chrono::minutes(2); }));
  EXPECT_LE(wire.server.count(WireCluster::kWatch), 12);
}

}  // namespace
}  // namespace studyctl
