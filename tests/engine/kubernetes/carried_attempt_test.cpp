#include <gtest/gtest.h>

#include "base/hash.h"
#include "carry/tar.h"
#include "engine/kubernetes/wire_cluster.h"

// An attempt whose files are carried: its end is told once they are home.
namespace studyctl {
namespace {

using Phase = Observation::Phase;
using std::chrono::seconds;

class CarriedAttempt : public testing::Test {
 protected:
  // A pod that is there from the first look on; `carrier` is the state of its carry-out.
  void begin(const std::string& main, const std::string& carrier = R"({"running":{}})",
             const std::string& more = "") {
    wire.options.patience.files = seconds(20);
    wire.options.carry.address = "http://here:8090";
    wire.options.carry.root = wire.directory.path();
    wire.options.carry.depots = wire.directory.path() / "depots";
    wire.options.carry.key = "key";
    wire.lists("1", WireCluster::pod(R"({"phase":"Running",)" + more +
                                     R"("containerStatuses":[{"name":"main","state":)" + main +
                                     R"(},{"name":"carry-out","state":)" + carrier + "}]}"));
    wire.begin();
    AttemptSpec spec = wire.spec();
    spec.main.mounts = {{Mount::Kind::Bind, spec.directory.string(), "/results", false, {}}};
    wire.engine->create(spec);
    wire.engine->start({"a1"});
  }
  static std::string ended(int code) { return R"({"terminated":{"exitCode":)" + std::to_string(code) + "}}"; }
  Depot depot() { return *Depot::of(wire.options.carry.depots, "a1"); }
  void send(const std::string& name, const std::string& content) {
    TarEntry top, file;
    top.kind = TarEntry::Kind::Directory;
    top.path = "0";
    file.path = "0/" + name;
    file.size = content.size();
    const std::string archive =
        tar_header(top) + tar_header(file) + content + tar_padding(content.size()) + tar_end();
    ASSERT_TRUE(depot().take(0, archive));
    ASSERT_TRUE(depot().take_whole({archive.size(), sha256_hex(archive), {"away: is a link"}}));
  }
  bool is_over() const { return !wire.seen.empty() && wire.seen.back().phase >= Phase::Exited; }

  WireCluster wire;
};

TEST_F(CarriedAttempt, EndsOnceWhatItLeftIsHome) {
  begin(ended(0));
  ASSERT_TRUE(wire.passes_until([&] { return depot().has_ended(); })) << "who carries is told";
  const Steady told = wire.clock.steady();
  ASSERT_TRUE(wire.passes_until([&] { return wire.clock.steady() - told > seconds(10); }));
  EXPECT_FALSE(is_over());
  send("out.json", "{}");
  ASSERT_TRUE(wire.passes_until([&] { return is_over(); }));
  EXPECT_EQ(wire.seen.back().phase, Phase::Exited);
  EXPECT_EQ(wire.seen.back().reason, Reason::Completed);
  EXPECT_EQ(wire.seen.back().warnings,
            std::vector<std::string>{"of its results was left out away: is a link"});
  EXPECT_EQ(*read_file(wire.spec().directory / "out.json"), "{}");
  wire.engine->forget({"a1"});
  ASSERT_TRUE(wire.passes_until([&] { return !depot().plan(); }));
}

TEST_F(CarriedAttempt, APodThatGoesWithItsFilesWasInterrupted) {
  const std::string gone = WireCluster::pod(WireCluster::exited(0), "u1", 6);
  wire.server.on(WireCluster::kWatch,
                 Script().begin_stream().chunk(WireCluster::line("DELETED", gone)).stall());
  begin(ended(0));
  ASSERT_TRUE(wire.passes_until([&] { return is_over(); }));
  EXPECT_EQ(wire.seen.back().phase, Phase::Missing);
  EXPECT_EQ(wire.seen.back().reason, Reason::Interrupted);
  EXPECT_EQ(wire.seen.back().message, "its results did not come home: its pod has gone");
}

TEST_F(CarriedAttempt, WhatCannotBeSentIsNoSuccess) {
  begin(ended(0));
  ASSERT_TRUE(wire.passes_until([&] { return depot().has_ended(); }));
  ASSERT_TRUE(depot().take_failure("secret: Permission denied"));
  ASSERT_TRUE(wire.passes_until([&] { return is_over(); }));
  EXPECT_EQ(wire.seen.back().phase, Phase::Exited);
  EXPECT_EQ(wire.seen.back().reason, Reason::ResultMissing);
  EXPECT_EQ(wire.seen.back().message, "its results did not come home: secret: Permission denied");
}

TEST_F(CarriedAttempt, WhatComesFromNowhereForLongIsWaitedForNoLonger) {
  begin(ended(0));
  ASSERT_TRUE(wire.passes_until([&] { return is_over(); }));
  EXPECT_EQ(wire.seen.back().reason, Reason::ResultMissing);
  EXPECT_EQ(wire.seen.back().message, "its results did not come home: nothing has come from its pod for 20s");
}

TEST_F(CarriedAttempt, AFailureStaysAFailureWithoutItsFiles) {
  begin(ended(3), ended(5));
  ASSERT_TRUE(wire.passes_until([&] { return is_over(); }));
  EXPECT_EQ(wire.seen.back().reason, Reason::Error);
  EXPECT_EQ(wire.seen.back().exit_code, 3);
  ASSERT_EQ(wire.seen.back().warnings.size(), 1U);
  EXPECT_EQ(wire.seen.back().warnings[0], "its results did not come home: carry-out exited 5: ");
}

TEST_F(CarriedAttempt, WhoFollowsADeadControllerTakesUpWhatIsOnItsWay) {
  begin(ended(0));
  ASSERT_TRUE(wire.passes_until([&] { return depot().has_ended(); }));
  wire.server.on("GET */jobs?*", Script().answer(200, R"({"metadata":{},"items":[{"metadata":{"name":"a1",
      "labels":{"studyctl.io/run":"r"}}}]})"));
  wire.begin();
  bool is_resynced = false;
  AttemptSpec outline = wire.spec();
  wire.engine->resync({{outline, true}}, [&](const Result<void>&) { is_resynced = true; });
  ASSERT_TRUE(wire.passes_until([&] { return is_resynced; }));
  EXPECT_TRUE(depot().plan());
  EXPECT_FALSE(is_over());
  send("out.json", "{}");
  ASSERT_TRUE(wire.passes_until([&] { return is_over(); }));
  EXPECT_EQ(wire.seen.back().phase, Phase::Exited);
  EXPECT_EQ(wire.seen.back().reason, Reason::Completed);
}

TEST_F(CarriedAttempt, WhatAStrangerLeftUnderWayIsRemoved) {
  begin(ended(0));
  const Depot left = *Depot::of(wire.options.carry.depots, "b1");
  ASSERT_TRUE(left.open({"r", {}}));
  wire.server.on("GET */jobs?*", Script().answer(200, R"({"metadata":{},"items":[]})"));
  bool is_resynced = false;
  wire.engine->resync({{wire.spec(), true}}, [&](const Result<void>&) { is_resynced = true; });
  ASSERT_TRUE(wire.passes_until([&] { return is_resynced; }));
  EXPECT_FALSE(left.plan());
  EXPECT_TRUE(depot().plan());
}

}  // namespace
}  // namespace studyctl
