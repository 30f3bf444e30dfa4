#pragma once

#include <array>
#include <cstdint>
#include <map>

#include "base/result.h"
#include "model/event.h"
#include "store/run_record.h"
#include "store/sqlite.h"

namespace studyctl {

// What the tables say of one run besides its events: its state and counts, repetitions, attempts. Used inside
// the transaction that writes the events; its cost does not grow with the study.
class Projection {
 public:
  // `run` is the number of the run's row. `studies` must outlive it.
  Projection(Sqlite& studies, int64_t run, DescribeExperiment describe)
      : studies_(studies), run_(run), describe_(std::move(describe)) {}

  // Reads what it keeps in memory anew: at first, and after a transaction was rolled back.
  Result<void> load();
  Result<void> apply(const Event& event);
  // The run's row, once for all that was applied.
  Result<void> save(Instant at);

 private:
  // The rows of a repetition that has an attempt which has not ended.
  struct Rows {
    int64_t repetition = 0;
    int64_t attempt = 0;
    RepetitionState state = RepetitionState::Waiting;
    std::optional<Instant> started_at;
  };

  Result<void> on(const GenerationOpened& fact, const Event& event);
  Result<void> on(const AttemptIntended& fact, const Event& event);
  Result<void> on(const AttemptStarting& fact, const Event& event);
  Result<void> on(const AttemptRunning& fact, const Event& event);
  Result<void> on(const AttemptStopping& fact, const Event& event);
  Result<void> on(const AttemptEnded& fact, const Event& event);
  Result<void> on(const RepetitionReset& fact, const Event& event);
  Result<void> on(const RunStateChanged& fact, const Event& event);
  Result<void> on(const CommandAccepted& fact, const Event& event);
  Result<void> on(const CooldownBegan&, const Event&) { return {}; }
  Result<void> on(const ThresholdRebased&, const Event&) { return {}; }

  Result<int64_t> experiment_row(const RepetitionKey& key);
  Result<Rows> repetition_rows(const RepetitionKey& key, Instant at);
  // Of an attempt that has not ended.
  Result<Rows*> active_rows(const AttemptKey& key, Instant at);
  void move(RepetitionState from, RepetitionState to);
  uint64_t& count(RepetitionState state) { return counts_.at(static_cast<size_t>(state)); }

  Sqlite& studies_;
  int64_t run_;
  DescribeExperiment describe_;
  uint64_t total_ = 0;
  bool changed_ = false;
  std::array<uint64_t, kRepetitionStates> counts_{};
  std::map<RepetitionKey, Rows> active_;
};

}  // namespace studyctl
