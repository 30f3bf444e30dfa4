#include "simulation/simulation.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace studyctl {
namespace {

// STUDYCTL_SIMULATION_SEEDS=1000000 for a long campaign; STUDYCTL_SIMULATION_FIRST to see one again.
uint64_t number_from(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

std::string told(const std::vector<std::string>& violations) {
  std::string text;
  for (const std::string& violation : violations) text += "\n  " + violation;
  return text;
}

TEST(Simulation, NoFaultBreaksAnInvariantAndEveryRunEnds) {
  const uint64_t first = number_from("STUDYCTL_SIMULATION_FIRST", 1);
  const uint64_t seeds = number_from("STUDYCTL_SIMULATION_SEEDS", 300);
  uint64_t steps = 0, crashes = 0, events = 0, changes = 0;
  std::map<RunState, uint64_t> ends;
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    const Simulation::Report report = Simulation(seed).run();
    ASSERT_TRUE(report.violations.empty()) << "STUDYCTL_SIMULATION_FIRST=" << seed << told(report.violations);
    steps += report.steps;
    crashes += report.crashes;
    events += report.events;
    changes += report.changes;
    ++ends[report.state];
  }
  std::printf("%llu runs: %llu steps, %llu crashes, %llu events, %llu changed plans\n",
              static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(steps),
              static_cast<unsigned long long>(crashes), static_cast<unsigned long long>(events),
              static_cast<unsigned long long>(changes));
  if (seeds < 100) return;
  // The faults reach what they are meant to reach.
  EXPECT_GT(crashes, seeds);
  EXPECT_GT(changes, seeds / 5);
  for (const RunState state : {RunState::Completed, RunState::CompletedWithFailures, RunState::Cancelled,
                               RunState::Failed, RunState::Stopped})
    EXPECT_GT(ends[state], 0u) << name_of(state);
}

TEST(Simulation, TheSameSeedGivesTheSameRun) {
  for (const uint64_t seed : {7u, 8u, 9u}) {
    const Simulation::Report once = Simulation(seed).run();
    const Simulation::Report again = Simulation(seed).run();
    EXPECT_EQ(once.trace, again.trace);
    EXPECT_EQ(once.steps, again.steps);
  }
  EXPECT_NE(Simulation(7).run().trace, Simulation(8).run().trace);
}

}  // namespace
}  // namespace studyctl
