#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "control/controller.h"
#include "control/fake_engine.h"
#include "control/fakes.h"

namespace studyctl {

inline void PrintTo(Reason reason, std::ostream* out) {
  *out << name_of(reason);
}
inline void PrintTo(RepetitionState state, std::ostream* out) {
  *out << name_of(state);
}
inline void PrintTo(RunState state, std::ostream* out) {
  *out << name_of(state);
}

// A study, a machine, a disk, and the controller that a test starts and kills.
class World : public testing::Test {
 protected:
  ~World() override {
    EXPECT_EQ(engine.violations, std::vector<std::string>{});
    EXPECT_EQ(workspace.violations, std::vector<std::string>{});
    EXPECT_EQ(published.violations, std::vector<std::string>{});
  }

  // A new controller over what is on disk.
  void begin() {
    controller.reset();
    gateway = std::make_unique<Gateway>([] {});
    RunPlan plan;
    plan.study = &study;
    plan.experiments = experiments;
    plan.room = {64000, int64_t{1} << 40, {}};
    plan.group_of = group_of;
    plan.groups = groups;
    plan.at_most = at_most;
    plan.is_relay = is_relay;
    plan.measured = measured;
    plan.variant_of = variant_of;
    plan.seat = seat;
    plan.asked = asked;
    controller = std::make_unique<Controller>(
        plan, Controller::Parts{journal, engine, workspace, published, *gateway, clock});
    engine.attach([this](Observation observation) { controller->see(std::move(observation)); });
    const auto recovered = controller->recover();
    ASSERT_TRUE(recovered) << recovered.error().message;
  }
  // kill -9.
  void crash() {
    controller.reset();
    journal.crash();
    workspace.crash();
    engine.controller_dies();
  }
  void begin_again() {
    crash();
    begin();
    settle();
  }

  void turn() {
    const auto turned = controller->turn();
    ASSERT_TRUE(turned) << turned.error().message;
    const auto sound = controller->ledger().check();
    ASSERT_TRUE(sound) << sound.error().message;
  }
  // Step by step, as far as the first attempt is asked for, and nothing has happened yet.
  void until_created(size_t before = 0) {
    for (int step = 0; engine.created.size() == before; ++step) {
      ASSERT_LT(step, 100) << "nothing is made";
      turn();
      engine.tell();
      workspace.answer_all();
    }
  }
  // Until the engine was asked to start something, and has not said what became of it.
  void until_started() {
    for (int step = 0; engine.started.empty(); ++step) {
      ASSERT_LT(step, 100) << "nothing is started";
      engine.happen();
      engine.tell();
      workspace.answer_all();
      turn();
    }
  }
  // Everything that needs no time happens and is told.
  void settle() {
    for (int round = 0; round < 1000; ++round) {
      turn();
      engine.happen();
      const bool quiet = engine.due().empty() && !engine.owes_an_answer() && workspace.waiting() == 0;
      const auto next = controller->next_turn();
      if (quiet && (!next || *next > clock.steady())) return;
      engine.tell();
      workspace.answer_all();
    }
    FAIL() << "it never comes to rest";
  }
  // Time passes, and the controller turns when it said it would.
  void pass(Duration time) {
    const Steady end = clock.steady() + time;
    settle();
    while (clock.steady() < end && !HasFatalFailure()) {
      const Steady next = std::min(end, controller->next_turn().value_or(end));
      clock.advance(next - clock.steady());
      settle();
    }
  }

  Result<std::string> ask(Command::Kind kind, std::optional<Duration> grace = std::nullopt) {
    return ask(Command{kind, "ann", grace, {}});
  }
  Result<std::string> ask(Command command) {
    auto answer = gateway->ask(std::move(command));
    turn();
    if (answer.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
      return Error{ErrorCode::Unavailable, "not answered"};
    return answer.get();
  }

  // Ends what runs, one after another, with `code`.
  void exit_all(int code) {
    settle();
    while (!engine.running().empty() && !HasFatalFailure()) {
      engine.exit(engine.running().front(), code);
      settle();
    }
  }
  void exit(const std::string& attempt, int code, Reason reason = Reason::Completed) {
    engine.exit({attempt}, code, reason);
    settle();
  }

  const Ledger& ledger() const { return controller->ledger(); }
  RunState run_state() const { return ledger().run_state(); }
  RepetitionState state(uint64_t index, uint32_t cycle = 1) const {
    return ledger().state({1, index, cycle});
  }
  std::vector<std::string> running() const {
    std::vector<std::string> names;
    for (const AttemptId& id : engine.running()) names.push_back(id.text);
    return names;
  }
  // The end of an attempt as it is on disk.
  AttemptEnded ended(const std::string& attempt) const {
    auto found = journal.ended().find(key_of({attempt}));
    if (found != journal.ended().end()) return found->second;
    ADD_FAILURE() << attempt << " has not ended";
    return {};
  }

  Study study;
  uint64_t experiments = 3;
  std::function<std::string(uint64_t)> group_of;
  uint64_t groups = 0;
  std::optional<uint64_t> at_most;
  bool is_relay = false;
  Seat* seat = nullptr;
  CommandAccepted asked;  // by whom the next controller is
  std::function<void(const std::function<void(uint64_t, double)>&)> measured = [](const auto&) {};
  std::function<Variant(const RepetitionKey&)> variant_of;  // null: overrides change nothing

  FakeClock clock;
  MemoryJournal journal;
  FakeEngine engine{clock, journal};
  FakeWorkspace workspace{journal};
  FakePublisher published;
  std::unique_ptr<Gateway> gateway;
  std::unique_ptr<Controller> controller;
};

}  // namespace studyctl
