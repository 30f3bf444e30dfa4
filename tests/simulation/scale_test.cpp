#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <new>

#include "control/controller.h"
#include "control/fake_engine.h"
#include "control/fakes.h"

// Every byte that is asked for is counted, so that memory has a figure that no allocator and no sanitizer
// blurs.
namespace {
size_t live_bytes = 0;

void* counted(size_t size) {
  constexpr size_t kHeader = alignof(std::max_align_t);
  auto* block = static_cast<char*>(std::malloc(size + kHeader));
  if (!block) throw std::bad_alloc();
  *reinterpret_cast<size_t*>(block) = size;
  live_bytes += size;
  return block + kHeader;
}
void uncounted(void* pointer) noexcept {
  if (!pointer) return;
  auto* block = static_cast<char*>(pointer) - alignof(std::max_align_t);
  live_bytes -= *reinterpret_cast<size_t*>(block);
  std::free(block);
}
}  // namespace

void* operator new(size_t size) {
  return counted(size);
}
void* operator new[](size_t size) {
  return counted(size);
}
void operator delete(void* pointer) noexcept {
  uncounted(pointer);
}
void operator delete[](void* pointer) noexcept {
  uncounted(pointer);
}
void operator delete(void* pointer, size_t) noexcept {
  uncounted(pointer);
}
void operator delete[](void* pointer, size_t) noexcept {
  uncounted(pointer);
}

namespace studyctl {
namespace {

// Of this process's own time: the machine may be busy with others.
double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

// Keeps nothing, as a journal on disk does.
class ForgetfulJournal final : public Journal {
 public:
  void append(const Event&) override { ++events; }
  Result<void> commit() override { return {}; }
  bool disk_full() const override { return false; }
  Result<void> replay(const std::function<void(const Event&)>&) override { return {}; }
  uint64_t events = 0;
};

struct Stage {
  explicit Stage(uint64_t experiments, int parallelism) {
    study.execution.parallelism = parallelism;
    study.execution.order = Order::Shuffled;
    study.execution.seed = 42;
    plan.study = &study;
    plan.experiments = experiments;
    plan.room = {64000, int64_t{1} << 40, {}};
  }

  Study study;
  RunPlan plan;
  FakeClock clock;
  MemoryJournal journal;
  FakeEngine engine{clock, journal};
  FakeWorkspace workspace{journal};
  FakePublisher published;
  Gateway gateway{[] {}};
};

TEST(Scale, AHundredThousandWaitingExperimentsCostAFewBytesEach) {
  Stage stage(100000, 4);
  ForgetfulJournal journal;
  const size_t before = live_bytes;
  Controller controller(
      stage.plan, {journal, stage.engine, stage.workspace, stage.published, stage.gateway, stage.clock});
  stage.engine.attach([&](Observation observation) { controller.see(std::move(observation)); });
  ASSERT_TRUE(controller.recover());
  stage.engine.answer();
  ASSERT_TRUE(controller.turn());
  ASSERT_EQ(controller.ledger().active().size(), 4u);
  const size_t bytes = live_bytes - before;
  std::printf("100,000 waiting experiments: %zu bytes\n", bytes);
  EXPECT_LT(bytes, 200000u);
}

TEST(Scale, ATurnCostsTheSameHoweverManyWait) {
  const auto cost_of = [](uint64_t experiments) {
    Stage stage(experiments, 4);
    ForgetfulJournal journal;
    Controller controller(
        stage.plan, {journal, stage.engine, stage.workspace, stage.published, stage.gateway, stage.clock});
    stage.engine.attach([&](Observation observation) { controller.see(std::move(observation)); });
    EXPECT_TRUE(controller.recover());
    stage.engine.answer();
    double best = 1;
    for (int round = 0; round < 20; ++round) {
      const double start = cpu_seconds();
      for (int i = 0; i < 1000; ++i) EXPECT_TRUE(controller.turn());
      best = std::min(best, cpu_seconds() - start);
    }
    return best;
  };
  const double few = cost_of(100);
  const double many = cost_of(1000000);
  std::printf("1,000 turns: %.0f us with 100 experiments, %.0f us with 1,000,000\n", few * 1e6, many * 1e6);
  EXPECT_LT(many, 3 * few + 1e-4);
}

TEST(Scale, TenThousandExperimentsRunInSecondsOfOurOwnTime) {
  Stage stage(10000, 16);
  const double start = cpu_seconds();
  Controller controller(stage.plan, {stage.journal, stage.engine, stage.workspace, stage.published,
                                     stage.gateway, stage.clock});
  stage.engine.attach([&](Observation observation) { controller.see(std::move(observation)); });
  ASSERT_TRUE(controller.recover());
  uint64_t turns = 0;
  for (; !controller.finished() && turns < 1000000; ++turns) {
    stage.engine.tell();
    stage.workspace.answer_all();
    ASSERT_TRUE(controller.turn());
    for (const AttemptId& attempt : stage.engine.running()) stage.engine.exit(attempt, 0);
    stage.engine.happen();
  }
  const double seconds = cpu_seconds() - start;
  std::printf("10,000 experiments: %.3f s, %llu turns, %zu events, %.1f us an experiment\n", seconds,
              static_cast<unsigned long long>(turns), stage.journal.events().size(), seconds * 1e6 / 10000);
  EXPECT_EQ(controller.ledger().count(RepetitionState::Succeeded), 10000u);
  EXPECT_EQ(stage.engine.violations, std::vector<std::string>{});
  EXPECT_LT(seconds, 10.0);  // of a loaded machine, under a sanitizer
}

TEST(Scale, AMillionRecordedRepetitionsAreReplayedInSeconds) {
  constexpr uint64_t kExperiments = 1000000;
  Ledger ledger;
  const double start = cpu_seconds();
  uint64_t seq = 0;
  const auto tell = [&](Fact fact) { ledger.apply({++seq, {}, {}, std::move(fact)}); };
  tell(GenerationOpened{1, kExperiments, 1});
  for (uint64_t index = 0; index < kExperiments; ++index) {
    const AttemptKey key{{1, index, 1}, 1};
    tell(AttemptIntended{key, ""});
    tell(AttemptStarting{key, "box", "sha256:1", {}});
    tell(AttemptRunning{key, {}});
    AttemptEnded end;
    end.key = key;
    if (index % 10 == 0) {
      end.reason = Reason::Error;
      end.verdict = Verdict::Failed;
    }
    tell(std::move(end));
  }
  const double seconds = cpu_seconds() - start;
  std::printf("4,000,001 events folded in %.2f s\n", seconds);
  EXPECT_TRUE(ledger.check());
  EXPECT_EQ(ledger.count(RepetitionState::Failed), kExperiments / 10);
  EXPECT_LT(seconds, 15.0);
}

}  // namespace
}  // namespace studyctl
