#pragma once

#include <array>
#include <cstdint>
#include <map>

#include "model/event.h"
#include "store/run_record.h"
#include "store/sqlite.h"

namespace studyctl {

// What the tables say of one run besides its events: its state and counts, repetitions, attempts. Used inside
// the transaction that writes the events; its cost does not grow with the study. What fails is told by the
// connection's outcome().
class Projection {
 public:
  // `run` is the number of the run's row. `studies` must outlive it.
  Projection(Sqlite& studies, int64_t run, DescribeExperiment describe)
      : studies_(studies), run_(run), describe_(std::move(describe)) {}

  // Reads what it keeps in memory anew: at first, and after a transaction was rolled back.
  void load();
  void apply(const Event& event);
  uint32_t generation() const { return generation_; }
  uint64_t experiments() const { return experiments_; }
  uint32_t cycles() const { return cycles_; }
  // The run's row, once for all that was applied.
  void save(Instant at);

 private:
  // The rows of a repetition that has an attempt which has not ended.
  struct Active {
    int64_t repetition = 0;
    int64_t attempt = 0;
    RepetitionState state = RepetitionState::Waiting;
    bool is_planned = true;  // and so it is counted
    std::optional<Instant> started_at;
  };

  void on(const GenerationOpened& fact, const Event& event);
  void on(const ExperimentCarried& fact, const Event& event);
  void on(const CyclesChanged& fact, const Event& event);
  void on(const RepetitionAdded& fact, const Event& event);
  void on(const AttemptIntended& fact, const Event& event);
  void on(const AttemptStarting& fact, const Event& event);
  void on(const AttemptRunning& fact, const Event& event);
  void on(const AttemptStopping& fact, const Event& event);
  void on(const AttemptEnded& fact, const Event& event);
  void on(const RepetitionReset& fact, const Event& event);
  void on(const RepetitionSkipped& fact, const Event& event);
  void on(const RepetitionCached& fact, const Event& event);
  void on(const RunStateChanged& fact, const Event& event);
  void on(const CommandAccepted& fact, const Event& event);
  void on(const CooldownBegan&, const Event&) {}
  void on(const ThresholdRebased&, const Event&) {}
  void on(const PilotEnded&, const Event&) {}

  // What became of what is planned, counted anew: after the plan has changed.
  void count_planned();
  struct ExperimentRow {
    int64_t id = 0;
    uint32_t cycles = 0;  // planned
    bool is_new = false;  // none of its cycles has a row
  };
  ExperimentRow experiment_row(const RepetitionKey& key);
  // The row of a repetition whose attempt begins or is taken over: made, or written over.
  struct Entry {
    AttemptKey key;
    RepetitionState state;
    Instant at;
    std::optional<std::string_view> reason, source;
  };
  Active enter(const Entry& entry);
  int64_t insert_repetition(int64_t experiment, const Entry& entry);
  // Its row, made where there is none.
  Active repetition_rows(const RepetitionKey& key, Instant at);
  // Without a number where there is none.
  Active find_repetition(const RepetitionKey& key, const ExperimentRow& experiment);
  // Of an attempt that has not ended.
  Active& active_rows(const AttemptKey& key, Instant at);
  // Counts what a repetition is at; its row is written by the caller.
  void move(Active& rows, RepetitionState to);
  uint64_t& count(RepetitionState state) { return counts_.at(static_cast<size_t>(state)); }

  Sqlite& studies_;
  int64_t run_;
  DescribeExperiment describe_;
  uint64_t total_ = 0, experiments_ = 0;
  uint32_t generation_ = 0, cycles_ = 0;
  bool changed_ = false;
  bool plan_changed_ = false;
  std::array<uint64_t, kRepetitionStates> counts_{};
  std::map<RepetitionKey, Active> active_;
};

}  // namespace studyctl
