#include "store/outbox.h"

#include <gtest/gtest.h>

#include "base/temporary_directory.h"
#include "store/announcer.h"
#include "store/killed_child.h"
#include "store/run_events.h"
#include "store/sqlite_journal.h"

namespace studyctl {
namespace {

Notification rule_on(std::vector<Occasion> on, const std::string& name = "ops") {
  Notification rule;
  rule.name = name;
  rule.on = std::move(on);
  rule.webhook = Webhook{"https://hooks.example.org/secret-path", {}, SecretReference{"hook", "hmac"}, {}};
  return rule;
}

class OutboxTest : public testing::Test {
 protected:
  SqliteJournal create(const std::vector<Notification>& rules) {
    Result<SqliteJournal> journal = SqliteJournal::create(database_, run_record(), facts_of);
    EXPECT_TRUE(journal) << journal.error().message;
    EXPECT_TRUE(journal->set_notifications(rules, [this] { ++told_; }));
    return std::move(*journal);
  }
  static void commit(SqliteJournal& journal, const std::vector<Event>& events) {
    for (const Event& event : events) journal.append(event);
    const Result<void> done = journal.commit();
    EXPECT_TRUE(done) << done.error().message;
  }
  Outbox outbox() {
    Result<Outbox> opened = Outbox::open(database_);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }
  std::vector<Message> messages() {
    auto listed = outbox().list("", 10'000);
    EXPECT_TRUE(listed) << listed.error().message;
    return *listed;
  }

  TemporaryDirectory directory_;
  std::filesystem::path database_ = directory_.path() / "studies.db";
  int told_ = 0;
};

TEST_F(OutboxTest, ACommitWritesWhatItIsTheOccasionOf) {
  SqliteJournal journal = create({rule_on({Occasion::Completed})});
  RunEvents story;
  story.begin(1);
  commit(journal, story.all);
  EXPECT_TRUE(messages().empty());
  EXPECT_EQ(told_, 0);
  RunEvents end;
  end.all = story.all;
  end.succeed(attempt_of(0));
  end.add(RunStateChanged{RunState::Completed, ""});
  commit(journal, {end.all.begin() + 2, end.all.end()});
  ASSERT_EQ(messages().size(), 1u);
  const Message message = messages().front();
  EXPECT_EQ(told_, 1);
  EXPECT_EQ(message.occasion, "Completed");
  EXPECT_EQ(message.study, "nmr");
  EXPECT_EQ(message.state, "Waiting");
  EXPECT_EQ(message.id, kRunId + "-7-ops-completed");
  EXPECT_EQ(message.destination, "https://hooks.example.org");
  EXPECT_NE(message.data.find(R"("succeeded":1)"), std::string::npos) << message.data;
  EXPECT_NE(message.data.find(R"("state":"Completed")"), std::string::npos) << message.data;
}

TEST_F(OutboxTest, AFailedExperimentIsToldWithWhatItWasAndWhy) {
  SqliteJournal journal = create({rule_on({Occasion::ExperimentFailed})});
  RunEvents story;
  story.begin(2);
  story.fail(attempt_of(0), Reason::OOMKilled, Verdict::Retry);
  story.fail(attempt_of(0, 1, 2), Reason::OOMKilled, Verdict::Failed);
  commit(journal, story.all);
  ASSERT_EQ(messages().size(), 1u);
  const std::string data = messages().front().data;
  for (const char* part : {R"("name":"water-0000000000000000")", R"("attempt":2)", R"("reason":"OOMKilled")",
                           R"("molecule":"water")", R"("message":"it went wrong")"})
    EXPECT_NE(data.find(part), std::string::npos) << data;
}

TEST_F(OutboxTest, OfAShortRunNothingIsTold) {
  Notification patient = rule_on({Occasion::Completed}, "patient");
  patient.min_duration = std::chrono::minutes(10);
  SqliteJournal journal = create({rule_on({Occasion::Completed}), patient});
  RunEvents story;
  story.begin(1);
  story.add(RunStateChanged{RunState::Completed, ""});
  commit(journal, story.all);
  ASSERT_EQ(messages().size(), 1u);
  EXPECT_EQ(messages().front().rule, "ops");
}

TEST_F(OutboxTest, ALongRunIsLongAlsoForAControllerThatCameLater) {
  Notification patient = rule_on({Occasion::Completed});
  patient.min_duration = std::chrono::minutes(10);
  RunEvents story;
  story.begin(1);
  {
    SqliteJournal journal = create({patient});
    commit(journal, story.all);
  }
  auto journal = SqliteJournal::open(database_, kRunId, facts_of);
  ASSERT_TRUE(journal && journal->set_notifications({patient}, nullptr));
  commit(*journal, {{3, kStart + std::chrono::minutes(20), {}, RunStateChanged{RunState::Completed, ""}}});
  EXPECT_EQ(messages().size(), 1u);
}

TEST_F(OutboxTest, OfThousandsOfFailuresAThousandAreTold) {
  SqliteJournal journal = create({rule_on({Occasion::ExperimentFailed})});
  RunEvents story;
  story.begin(1100);
  for (uint64_t i = 0; i < 1100; ++i) story.fail(attempt_of(i), Reason::Error, Verdict::Failed);
  commit(journal, story.all);
  EXPECT_EQ(messages().size(), 1000u);
}

TEST_F(OutboxTest, OfEachRuleTheFirstThatWaitsIsNext) {
  SqliteJournal journal =
      create({rule_on({Occasion::Paused, Occasion::Stopped}), rule_on({Occasion::Stopped}, "b")});
  RunEvents story;
  story.begin(1);
  story.add(RunStateChanged{RunState::Paused, ""});
  story.add(RunStateChanged{RunState::Stopped, ""});
  commit(journal, story.all);
  Outbox box = outbox();
  auto heads = box.heads();
  ASSERT_TRUE(heads);
  ASSERT_EQ(heads->size(), 2u);
  EXPECT_EQ(heads->at(0).occasion, "Paused");
  EXPECT_EQ(heads->at(1).rule, "b");
  ASSERT_TRUE(box.note_sent(heads->at(0), kStart));
  heads = box.heads();
  ASSERT_EQ(heads->size(), 2u);
  EXPECT_EQ(heads->at(0).occasion, "Stopped");
  EXPECT_EQ(box.counts(kRunId)->sent, 1u);
  EXPECT_EQ(box.counts("")->waiting, 2u);
}

TEST_F(OutboxTest, WhatWaitsGoesByTheRuleThatHasItsNameNow) {
  SqliteJournal journal = create({rule_on({Occasion::Paused})});
  RunEvents story;
  story.begin(1);
  story.add(RunStateChanged{RunState::Paused, ""});
  commit(journal, story.all);
  Notification mended = rule_on({Occasion::Paused});
  mended.webhook->url = "https://mended.example.org/";
  mended.retry.limit = 3;
  ASSERT_TRUE(journal.set_notifications({mended}, nullptr));
  const Message message = messages().front();
  auto rule = outbox().rule_of(message);
  ASSERT_TRUE(rule) << rule.error().message;
  EXPECT_EQ(rule->webhook->url, "https://mended.example.org/");
  EXPECT_EQ(rule->webhook->secret, (SecretReference{"hook", "hmac"}));
  EXPECT_EQ(rule->retry.limit, 3);
  ASSERT_TRUE(journal.set_notifications({}, nullptr));
  EXPECT_EQ(outbox().rule_of(message).error().code, ErrorCode::NotFound);
}

TEST_F(OutboxTest, ARuleIsTheSameOutOfItsJson) {
  Notification mail;
  mail.name = "mail";
  mail.on = {Occasion::Failed, Occasion::ThresholdExceeded};
  mail.min_duration = std::chrono::minutes(10);
  mail.email = Email{{"a@b.org"}, "c@d.org", "smtp://e", "user", SecretReference{"n", "k"}, Email::Tls::None};
  mail.retry = {7, {std::chrono::seconds(1), 1.5, std::chrono::minutes(2)}};
  const auto back = notification_from_json(to_json(mail));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(to_json(*back), to_json(mail));
  EXPECT_EQ(back->email->tls, Email::Tls::None);
  EXPECT_EQ(back->on, mail.on);
  EXPECT_EQ(notification_from_json("{}").error().code, ErrorCode::Internal);
}

TEST_F(OutboxTest, ARunThatIsRemovedTakesItsMessagesAlong) {
  {
    SqliteJournal journal = create({rule_on({Occasion::Paused})});
    RunEvents story;
    story.begin(1);
    story.add(RunStateChanged{RunState::Paused, ""});
    commit(journal, story.all);
  }
  ASSERT_TRUE(delete_run(database_, kRunId));
  EXPECT_TRUE(messages().empty());
}

// Whatever instant the process is killed at, the events that were committed have their messages, and no
// others.
TEST_F(OutboxTest, AKillLosesNoMessageOfWhatWasCommitted) {
  RunEvents story;
  story.begin(400);
  for (uint64_t i = 0; i < 400; ++i) story.fail(attempt_of(i), Reason::Error, Verdict::Failed);
  for (const uint64_t reports : {1u, 7u, 30u}) {
    std::filesystem::remove_all(directory_.path());
    std::filesystem::create_directories(directory_.path());
    kill_after(reports, [&](const std::function<void()>& report) {
      SqliteJournal journal = create({rule_on({Occasion::ExperimentFailed})});
      for (const Event& event : story.all) {
        journal.append(event);
        if (!journal.commit()) _exit(1);
        report();
      }
    });
    auto journal = SqliteJournal::open(database_, kRunId, facts_of);
    ASSERT_TRUE(journal) << journal.error().message;
    size_t failures = 0;
    ASSERT_TRUE(journal->replay([&](const Event& event) {
      if (std::holds_alternative<AttemptEnded>(event.fact)) ++failures;
    }));
    EXPECT_EQ(messages().size(), failures);
  }
}

}  // namespace
}  // namespace studyctl
