#include <gtest/gtest.h>

#include "engine/docker/wire_engine.h"

// What a container wrote before the power went may have gone with it, however well the engine says it ended.
namespace studyctl {
namespace {

using Phase = Observation::Phase;

class EarlierBoot : public testing::Test {
 protected:
  // What the next controller finds.
  void lists(const std::string& boot, const std::string& state) {
    wire_.server.on("GET /*/containers/json*",
                    Script().answer(200, R"([{"Id":"c1","Names":["/a1"],"State":")" + state +
                                             R"(","Labels":{"studyctl.io/boot":")" + boot + R"("}}])"));
  }
  Observation found(bool start_intended) {
    wire_.boot = "now";
    wire_.begin();
    wire_.engine->resync({{wire_.spec(), start_intended}}, [](const Result<void>&) {});
    EXPECT_TRUE(run_until(wire_.loop, [&] {
      return !wire_.seen.empty() && wire_.seen.back().phase != Phase::Preparing &&
             wire_.seen.back().phase != Phase::Running;
    }));
    return wire_.seen.back();
  }

  WireEngine wire_;
};

TEST_F(EarlierBoot, AnEndOfItIsInterruptedAndItsContainerRemoved) {
  lists("before", "exited");
  const Observation seen = found(true);
  EXPECT_EQ(seen.phase, Phase::Missing);
  EXPECT_EQ(seen.reason, Reason::Interrupted);
  EXPECT_EQ(seen.message, "the machine went down before its files were safe");
  EXPECT_TRUE(run_until(wire_.loop, [&] { return wire_.server.count("DELETE /*/containers/c1*") == 1; }));
}

TEST_F(EarlierBoot, OneThatWasOnlyMadeIsMadeAnew) {
  lists("before", "created");
  EXPECT_EQ(found(false).phase, Phase::Missing);
}

TEST_F(EarlierBoot, AnEndOfThisBootIsTrusted) {
  lists("now", "exited");
  EXPECT_EQ(found(true).phase, Phase::Exited);
}

TEST_F(EarlierBoot, WhatStillRunsIsOnAMachineThatDidNotGoDown) {
  lists("before", "running");
  EXPECT_EQ(found(true).phase, Phase::Exited);
}

TEST_F(EarlierBoot, AContainerSaysInWhichBootItWasMade) {
  std::string body;
  wire_.server.on("POST /*/containers/create*", [&body](const WireRequest& request) {
    body = request.body;
    return Script().answer(201, R"({"Id":"c1"})");
  });
  wire_.boot = "now";
  wire_.begin();
  wire_.engine->create(wire_.spec());
  ASSERT_TRUE(wire_.until(Phase::Created));
  EXPECT_NE(body.find(R"("studyctl.io/boot":"now")"), std::string::npos) << body;
}

}  // namespace
}  // namespace studyctl
