#pragma once

#include <string>
#include <utility>
#include <vector>

#include "model/ledger.h"

namespace studyctl {

// A ledger and the events told to it, one second apart unless the test says otherwise.
class LedgerStory {
 public:
  explicit LedgerStory(uint64_t experiments = 3, uint32_t cycles = 1) {
    tell(GenerationOpened{1, experiments, cycles});
  }

  void tell(Fact fact) {
    events_.push_back({ledger_.last_seq() + 1, wall_, steady_, std::move(fact)});
    ledger_.apply(events_.back());
  }
  void pass(Duration time) {
    wall_ += time;
    steady_ += time;
  }

  // The next attempt at `key` is intended, started and seen to run.
  AttemptKey run(const RepetitionKey& key) {
    const AttemptKey attempt{key, ledger_.next_attempt(key)};
    tell(AttemptIntended{attempt, ""});
    tell(AttemptStarting{attempt, "container", "sha256:1", {}});
    tell(AttemptRunning{attempt, wall_});
    return attempt;
  }
  void end(const AttemptKey& attempt, Reason reason, Verdict verdict, bool counted = true) {
    AttemptEnded ended;
    ended.key = attempt;
    ended.reason = reason;
    ended.verdict = verdict;
    ended.counted = counted;
    tell(std::move(ended));
  }
  void retry(const AttemptKey& attempt, Duration backoff, int64_t grown_memory_bytes = 0) {
    AttemptEnded ended;
    ended.key = attempt;
    ended.reason = Reason::Error;
    ended.verdict = Verdict::Retry;
    ended.backoff = backoff;
    ended.grown.memory_bytes = grown_memory_bytes;
    tell(std::move(ended));
  }

  const Ledger& ledger() const { return ledger_; }
  const std::vector<Event>& events() const { return events_; }
  Steady steady() const { return steady_; }
  Instant wall() const { return wall_; }

 private:
  Ledger ledger_;
  std::vector<Event> events_;
  Instant wall_{std::chrono::hours(500000)};
  Steady steady_{std::chrono::hours(100)};
};

}  // namespace studyctl
