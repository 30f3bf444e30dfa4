#include "service/operator/leader_election.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "engine/kubernetes/lab_on.h"
#include "io/fake_clock.h"
#include "io/run_until.h"

namespace studyctl {
namespace {

using nlohmann::json;
using std::chrono::seconds;

// The one Lease of a cluster, kept as an API server keeps it: who writes names the version that he has seen.
class LeaseServer {
 public:
  LeaseServer() {
    server.on("GET */leases/*", [this](const WireRequest& request) { return get(request); });
    server.on("PUT */leases/*", [this](const WireRequest& request) { return put(request); });
    server.on("POST */leases", [this](const WireRequest& request) { return put(request); });
  }

  std::string holder() const {
    const std::lock_guard lock(mutex_);
    return lease_.is_null() ? "" : lease_["spec"].value("holderIdentity", "");
  }
  int64_t transitions() const {
    const std::lock_guard lock(mutex_);
    return lease_["spec"].value("leaseTransitions", int64_t{0});
  }
  // Another one's, without asking.
  void give_to(const std::string& who) {
    const std::lock_guard lock(mutex_);
    lease_["spec"]["holderIdentity"] = who;
    lease_["spec"]["renewTime"] = std::to_string(++version_);
    lease_["metadata"]["resourceVersion"] = std::to_string(version_);
  }
  enum class Mood : uint8_t { Well, Fails, Hangs, WritesAndHangs };
  void set_mood(Mood mood) {
    const std::lock_guard lock(mutex_);
    mood_ = mood;
  }

  ScriptedServer server;

 private:
  Script get(const WireRequest&) {
    const std::lock_guard lock(mutex_);
    if (mood_ == Mood::Fails) return Script().answer(500, "{}");
    if (mood_ == Mood::Hangs) return Script().stall();
    return lease_.is_null() ? Script().answer(404, "{}") : Script().answer(200, lease_.dump());
  }
  Script put(const WireRequest& request) {
    const std::lock_guard lock(mutex_);
    if (mood_ == Mood::Fails) return Script().answer(500, "{}");
    if (mood_ == Mood::Hangs) return Script().stall();
    json body = json::parse(request.body);
    const std::string seen = body["metadata"].value("resourceVersion", "");
    const std::string now = lease_.is_null() ? "" : lease_["metadata"].value("resourceVersion", "");
    if (seen != now) return Script().answer(409, "{}");
    body["metadata"]["resourceVersion"] = std::to_string(++version_);
    lease_ = body;
    // It is written, and whoever asked never hears so.
    if (mood_ == Mood::WritesAndHangs) return Script().close();
    return Script().answer(200, lease_.dump());
  }

  mutable std::mutex mutex_;
  json lease_;
  int version_ = 0;
  Mood mood_ = Mood::Well;
};

// One that stands for election, with a clock and a wire of its own.
class Candidate {
 public:
  Candidate(const LeaseServer& leases, const std::string& name) : api_(loop_, lab_on(leases.server)) {
    election_.emplace(api_, "studyctl", name,
                      LeaderElection::Listener{[this] { leads = true; },
                                               [this](const std::string& why) {
                                                 leads = false;
                                                 lost = why;
                                               },
                                               [this](const std::string& what, bool is_another) {
                                                 waits_for = what;
                                                 waits_for_another = is_another;
                                               }});
    election_->begin();
  }

  // What the wire brings without that time passes.
  void settle() {
    for (int turn = 0; turn < 8; ++turn) loop_.run_once(Duration(3));
  }
  bool until(const std::function<bool()>& is_done) { return run_until(loop_, is_done); }
  // So long, in steps that a timer is not late by.
  void pass(Duration duration) {
    for (Duration gone{0}; gone < duration; gone += Duration(500)) {
      clock.advance(Duration(500));
      settle();
    }
  }
  void let_go() {
    bool is_done = false;
    election_->let_go([&] { is_done = true; });
    ASSERT_TRUE(until([&] { return is_done; }));
  }

  FakeClock clock;
  bool leads = false;
  std::string lost, waits_for;
  bool waits_for_another = false;

 private:
  EventLoop loop_{clock};
  ClusterApi api_;
  std::optional<LeaderElection> election_;
};

using Mood = LeaseServer::Mood;

TEST(LeaderElection, LeadsWhereNobodyDoes) {
  LeaseServer leases;
  Candidate one(leases, "one");
  ASSERT_TRUE(one.until([&] { return one.leads; }));
  EXPECT_EQ(leases.holder(), "one");
}

TEST(LeaderElection, KeepsWhatItRenews) {
  LeaseServer leases;
  Candidate one(leases, "one"), two(leases, "two");
  ASSERT_TRUE(one.until([&] { return one.leads; }));
  ASSERT_TRUE(two.until([&] { return two.waits_for == "one"; }));
  EXPECT_TRUE(two.waits_for_another);
  for (int i = 0; i < 60; ++i) {
    one.pass(seconds(1));
    two.pass(seconds(1));
  }
  EXPECT_TRUE(one.leads);
  EXPECT_FALSE(two.leads);
}

TEST(LeaderElection, KnowsThatItHasLostWhatItCannotRenew) {
  LeaseServer leases;
  Candidate one(leases, "one");
  ASSERT_TRUE(one.until([&] { return one.leads; }));
  leases.set_mood(Mood::Fails);
  one.pass(seconds(6));
  EXPECT_TRUE(one.leads);
  one.pass(seconds(2));
  EXPECT_FALSE(one.leads);
  EXPECT_EQ(one.lost, "it could not be renewed in time");
}

TEST(LeaderElection, HasLostBeforeAnotherMayTakeItAlsoWhereNothingIsAnswered) {
  LeaseServer leases;
  Candidate one(leases, "one");
  ASSERT_TRUE(one.until([&] { return one.leads; }));
  leases.set_mood(Mood::Hangs);
  one.pass(seconds(8));  // two shorter than a Lease lasts, whatever call is under way
  EXPECT_FALSE(one.leads);
}

TEST(LeaderElection, IsForGoodOnceLost) {
  LeaseServer leases;
  Candidate one(leases, "one");
  ASSERT_TRUE(one.until([&] { return one.leads; }));
  leases.set_mood(Mood::Fails);
  one.pass(seconds(8));
  leases.set_mood(Mood::Well);
  one.pass(seconds(20));
  EXPECT_FALSE(one.leads);
}

TEST(LeaderElection, WhoHearsNothingOfTheClusterWaitsForNobody) {
  LeaseServer leases;
  leases.set_mood(Mood::Fails);
  Candidate one(leases, "one");
  ASSERT_TRUE(one.until([&] { return !one.waits_for.empty(); }));
  EXPECT_FALSE(one.waits_for_another);
}

TEST(LeaderElection, TakesOverWhatIsNotRenewedAndNotBefore) {
  LeaseServer leases;
  {
    Candidate one(leases, "one");
    ASSERT_TRUE(one.until([&] { return one.leads; }));
  }  // killed
  Candidate two(leases, "two");
  ASSERT_TRUE(two.until([&] { return two.waits_for == "one"; }));
  two.pass(seconds(9));
  EXPECT_FALSE(two.leads);
  two.pass(seconds(4));
  EXPECT_TRUE(two.leads);
  EXPECT_EQ(leases.holder(), "two");
  EXPECT_EQ(leases.transitions(), 1);
}

TEST(LeaderElection, ALeaseThatAnotherHasTakenIsLostAtTheNextLook) {
  LeaseServer leases;
  Candidate one(leases, "one");
  ASSERT_TRUE(one.until([&] { return one.leads; }));
  leases.give_to("two");
  one.pass(seconds(3));
  EXPECT_FALSE(one.leads);
  EXPECT_EQ(one.lost, "another one has it: two");
  EXPECT_EQ(leases.holder(), "two");
}

TEST(LeaderElection, ATimeOfDayThatJumpsChangesNothing) {
  LeaseServer leases;
  Candidate one(leases, "one"), two(leases, "two");
  ASSERT_TRUE(one.until([&] { return one.leads; }));
  ASSERT_TRUE(two.until([&] { return two.waits_for == "one"; }));
  one.clock.show(-std::chrono::hours(30));
  two.clock.show(std::chrono::hours(1000));
  for (int i = 0; i < 20; ++i) {
    one.pass(seconds(1));
    two.pass(seconds(1));
  }
  EXPECT_TRUE(one.leads);
  EXPECT_FALSE(two.leads);
}

// As after a suspend: the first thing that a leader knows is that it is none.
TEST(LeaderElection, ALeaderThatSleptForAMinuteLeadsNoMore) {
  LeaseServer leases;
  Candidate one(leases, "one");
  ASSERT_TRUE(one.until([&] { return one.leads; }));
  one.clock.advance(seconds(60));
  one.settle();
  EXPECT_FALSE(one.leads);
  EXPECT_EQ(one.lost, "it could not be renewed in time");
}

TEST(LeaderElection, OneWhoSleptWhileHeWaitedLooksBeforeHeTakes) {
  LeaseServer leases;
  Candidate one(leases, "one"), two(leases, "two");
  ASSERT_TRUE(one.until([&] { return one.leads; }));
  ASSERT_TRUE(two.until([&] { return two.waits_for == "one"; }));
  one.pass(seconds(60));
  two.clock.advance(seconds(60));
  two.settle();
  EXPECT_FALSE(two.leads);
  EXPECT_EQ(leases.holder(), "one");
}

TEST(LeaderElection, AnAnswerThatIsLostIsFoundAtTheNextLook) {
  LeaseServer leases;
  leases.set_mood(Mood::WritesAndHangs);
  Candidate one(leases, "one");
  ASSERT_TRUE(one.until([&] { return leases.holder() == "one"; }));
  one.settle();
  EXPECT_FALSE(one.leads);  // it cannot know
  leases.set_mood(Mood::Well);
  one.pass(seconds(3));
  EXPECT_TRUE(one.leads);
  // Of a renewal: it is asked again before it matters.
  leases.set_mood(Mood::WritesAndHangs);
  one.pass(seconds(3));
  leases.set_mood(Mood::Well);
  one.pass(seconds(20));
  EXPECT_TRUE(one.leads);
}

TEST(LeaderElection, WhatIsLetGoIsTakenAtOnce) {
  LeaseServer leases;
  Candidate one(leases, "one"), two(leases, "two");
  ASSERT_TRUE(one.until([&] { return one.leads; }));
  ASSERT_TRUE(two.until([&] { return two.waits_for == "one"; }));
  one.let_go();
  EXPECT_EQ(leases.holder(), "");
  two.pass(seconds(3));
  EXPECT_TRUE(two.leads);
}

// Whatever is answered, or is not: never two at a time, and in the end one.
TEST(LeaderElection, NeverHasTwoLeaders) {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    LeaseServer leases;
    std::vector<std::unique_ptr<Candidate>> all;
    int made = 0;
    const auto add = [&] { all.push_back(std::make_unique<Candidate>(leases, std::to_string(++made))); };
    add();
    add();
    for (int half_seconds = 0; half_seconds < 100; ++half_seconds) {
      if (random() % 6 == 0) leases.set_mood(static_cast<Mood>(random() % 4));
      if (half_seconds > 60) leases.set_mood(Mood::Well);
      for (const auto& one : all) one->clock.advance(Duration(500));
      for (const auto& one : all) one->settle();
      int leaders = 0;
      for (const auto& one : all) leaders += one->leads ? 1 : 0;
      ASSERT_LE(leaders, 1) << half_seconds;
      std::erase_if(all, [](const auto& one) { return !one->lost.empty(); });
      while (all.size() < 2) add();  // who has lost ends, and is started anew
    }
    const int leaders =
        static_cast<int>(std::count_if(all.begin(), all.end(), [](const auto& one) { return one->leads; }));
    EXPECT_EQ(leaders, 1);
  }
}

}  // namespace
}  // namespace studyctl
