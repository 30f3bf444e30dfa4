#include "service/courier.h"

#include <gtest/gtest.h>

#include <deque>

#include "base/temporary_directory.h"
#include "io/fake_clock.h"
#include "store/run_events.h"
#include "store/sqlite_journal.h"

namespace studyctl {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// A receiver that says what the test has it say, and a run whose every pause and end it is told of.
class CourierTest : public testing::Test {
 protected:
  void SetUp() override {
    auto journal = SqliteJournal::create(database_, run_record(), facts_of);
    ASSERT_TRUE(journal);
    journal_.emplace(std::move(*journal));
    rule_.name = "ops";
    rule_.on = {Occasion::Paused, Occasion::Stopped, Occasion::Completed};
    rule_.webhook = Webhook{"https://hooks.example.org", {}, {}, {}};
    set_rules({rule_});
    story_.begin(1);
    commit();
    restart();
  }
  void set_rules(const std::vector<Notification>& rules) {
    ASSERT_TRUE(journal_->set_notifications(rules, nullptr));
  }
  void commit() {
    for (; committed_ < story_.all.size(); ++committed_) {
      Event event = story_.all[committed_];
      event.at = clock_.now();
      journal_->append(event);
    }
    const auto done = journal_->commit();
    ASSERT_TRUE(done) << done.error().message;
  }
  void run_is(RunState state) {
    story_.add(RunStateChanged{state, ""});
    commit();
  }
  // Another process begins where this one was.
  void restart() {
    courier_.reset();
    pending_.clear();
    outbox_.reset();
    auto outbox = Outbox::open(database_);
    ASSERT_TRUE(outbox);
    outbox_.emplace(std::move(*outbox));
    courier_.emplace(
        *outbox_, clock_,
        [this](const Message& message, const Notification&, std::function<void(Delivery)> done) {
          sent_.push_back(message.occasion);
          ids_.push_back(message.id);
          pending_.push_back(std::move(done));
        },
        [] { return 0.5; });
  }
  std::optional<Duration> turn() {
    auto next = courier_->turn();
    EXPECT_TRUE(next) << next.error().message;
    return next ? *next : std::nullopt;
  }
  void answer(Delivery delivery) {
    ASSERT_FALSE(pending_.empty());
    const auto done = std::move(pending_.front());
    pending_.pop_front();
    done(delivery);
  }
  std::vector<Message> messages() { return *outbox_->list("", 100); }

  static Delivery failed(std::optional<Duration> asked_for = {}) {
    return {Delivery::Kind::Failed, "answered 503", asked_for};
  }

  TemporaryDirectory directory_;
  std::filesystem::path database_ = directory_.path() / "studies.db";
  FakeClock clock_;
  Notification rule_;
  RunEvents story_;
  size_t committed_ = 0;
  std::optional<SqliteJournal> journal_;
  std::optional<Outbox> outbox_;
  std::optional<Courier> courier_;
  std::deque<std::function<void(Delivery)>> pending_;
  std::vector<std::string> sent_, ids_;
};

TEST_F(CourierTest, SendsWhatWaitsAndRemembersThatItDid) {
  run_is(RunState::Paused);
  EXPECT_EQ(turn(), std::nullopt);
  EXPECT_EQ(sent_, std::vector<std::string>{"Paused"});
  answer({});
  turn();
  restart();
  turn();
  EXPECT_EQ(sent_.size(), 1u);
  EXPECT_EQ(messages().front().state, "Sent");
  EXPECT_EQ(messages().front().tries, 1);
}

TEST_F(CourierTest, MessagesOfARuleGoOneAfterTheOther) {
  run_is(RunState::Paused);
  run_is(RunState::Stopped);
  turn();
  turn();
  EXPECT_EQ(sent_, std::vector<std::string>{"Paused"});
  answer({});
  turn();
  EXPECT_EQ(sent_, (std::vector<std::string>{"Paused", "Stopped"}));
}

TEST_F(CourierTest, OneThatIsTriedAgainHoldsUpThoseBehindItAndNoOtherRule) {
  Notification other = rule_;
  other.name = "other";
  set_rules({rule_, other});
  run_is(RunState::Paused);
  run_is(RunState::Stopped);
  turn();
  ASSERT_EQ(pending_.size(), 2u);
  answer(failed());  // of ops
  answer({});        // of other
  EXPECT_EQ(turn(), seconds(5));
  EXPECT_EQ(sent_, (std::vector<std::string>{"Paused", "Paused", "Stopped"}));
}

TEST_F(CourierTest, WaitsLongerAfterEachFailure) {
  run_is(RunState::Paused);
  turn();
  for (const auto wait : {seconds(5), seconds(10), seconds(20), seconds(40)}) {
    answer(failed());
    EXPECT_EQ(turn(), wait);
    clock_.advance(wait - seconds(1));
    turn();
    EXPECT_TRUE(pending_.empty());
    clock_.advance(seconds(1));
    turn();
    EXPECT_EQ(pending_.size(), 1u);
  }
  EXPECT_EQ(messages().front().error, "answered 503");
}

TEST_F(CourierTest, HonoursRetryAfter) {
  run_is(RunState::Paused);
  turn();
  answer(failed(minutes(7)));
  EXPECT_EQ(turn(), minutes(7));
}

TEST_F(CourierTest, EveryTryHasTheSameId) {
  run_is(RunState::Paused);
  turn();
  answer(failed());
  clock_.advance(minutes(1));
  turn();
  restart();
  turn();
  ASSERT_EQ(ids_.size(), 3u);
  EXPECT_EQ(ids_[0], ids_[1]);
  EXPECT_EQ(ids_[0], ids_[2]);
}

TEST_F(CourierTest, AKillBetweenTheTryAndItsRecordSendsItOnceMore) {
  run_is(RunState::Paused);
  turn();
  restart();  // it was sent, and nobody wrote so
  turn();
  EXPECT_EQ(sent_, (std::vector<std::string>{"Paused", "Paused"}));
  answer({});
  restart();
  turn();
  EXPECT_EQ(sent_.size(), 2u);
}

TEST_F(CourierTest, AWaitGoesOnOverARestart) {
  run_is(RunState::Paused);
  turn();
  answer(failed(hours(2)));
  clock_.advance(minutes(30));
  restart();
  EXPECT_EQ(turn(), minutes(90));
  EXPECT_EQ(sent_.size(), 1u);
}

TEST_F(CourierTest, AfterTheLastTryItIsADeadLetterAndTheNextOneGoes) {
  rule_.retry.limit = 2;
  set_rules({rule_});
  run_is(RunState::Paused);
  run_is(RunState::Stopped);
  for (int tries = 0; tries < 3; ++tries) {
    turn();
    answer(failed());
    clock_.advance(hours(1));
  }
  turn();
  EXPECT_EQ(sent_, (std::vector<std::string>{"Paused", "Paused", "Paused", "Stopped"}));
  EXPECT_EQ(messages().back().state, "Dead");
  EXPECT_EQ(messages().back().tries, 3);
  EXPECT_EQ(messages().back().error, "answered 503");
}

TEST_F(CourierTest, OneThatTheReceiverWantsNoMoreIsADeadLetterAtOnce) {
  run_is(RunState::Paused);
  turn();
  answer({Delivery::Kind::Gone, "answered 410", {}});
  EXPECT_EQ(messages().front().state, "Dead");
}

TEST_F(CourierTest, WhatIsHastenedGoesAtOnceAndADeadLetterHasOneMoreTry) {
  rule_.retry.limit = 1;
  set_rules({rule_});
  run_is(RunState::Paused);
  turn();
  answer(failed(hours(2)));
  ASSERT_TRUE(outbox_->hasten("another-study", clock_.now()));
  EXPECT_EQ(turn(), hours(2));
  for (int tries = 2; tries <= 3; ++tries) {
    ASSERT_TRUE(outbox_->hasten(tries == 2 ? "nmr" : kRunId, clock_.now()));
    restart();
    turn();
    answer(failed());
    EXPECT_EQ(messages().front().state, "Dead");
    EXPECT_EQ(messages().front().tries, tries);
  }
  ASSERT_TRUE(outbox_->hasten("", clock_.now()));
  turn();
  answer({});
  EXPECT_EQ(messages().front().state, "Sent");
  ASSERT_TRUE(outbox_->hasten("", clock_.now()));
  EXPECT_EQ(turn(), std::nullopt);
  EXPECT_TRUE(pending_.empty());
}

TEST_F(CourierTest, WhatWaitsOfARuleThatIsNoMoreIsADeadLetterThatSaysSo) {
  run_is(RunState::Paused);
  set_rules({});
  turn();
  EXPECT_TRUE(sent_.empty());
  EXPECT_EQ(messages().front().state, "Dead");
  EXPECT_NE(messages().front().error.find("no notification 'ops' any more"), std::string::npos);
}

TEST_F(CourierTest, SoManyRulesAreNotAllSentToAtOnce) {
  std::vector<Notification> rules;
  for (int i = 0; i < 20; ++i) {
    rules.push_back(rule_);
    rules.back().name = "rule-" + std::to_string(i);
  }
  set_rules(rules);
  run_is(RunState::Paused);
  turn();
  EXPECT_EQ(pending_.size(), 16u);
  while (!pending_.empty()) {
    answer({});
    turn();
  }
  EXPECT_EQ(sent_.size(), 20u);
}

}  // namespace
}  // namespace studyctl
