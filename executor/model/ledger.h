#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "model/event.h"
#include "model/repetition_table.h"

namespace studyctl {

// An attempt that has not ended.
struct ActiveAttempt {
  AttemptKey key;
  enum class Stage : uint8_t { Intended, Starting, Running } stage = Stage::Intended;
  Steady intended_at, running_since;
  Instant intended_on, started_at;  // by the wall, for records
  std::string container, image_digest, cpus;
  std::vector<std::string> devices;
  std::optional<Reason> stopping;  // why it is being stopped
  std::string stop_message;
};

// What is known of a repetition beyond its state, for those that needed more than one smooth attempt.
struct Troubles {
  uint32_t attempts = 0;   // made so far
  uint32_t counted = 0;    // of them failed and counted
  uint32_t uncounted = 0;  // of them failed and not counted
  uint32_t failures = 0;   // fail_count: of them neither cancelled nor infeasible; kept over resets
  Steady not_before{};     // Waiting: backoff
  GrownLimits grown{};     // of the next attempt, and of the one that is on; kept over resets
};

// The events of a run, folded. apply() is the only way to change it, and is used alike live and at recovery.
// At recovery the end of an attempt may come without its beginning.
// A byte per repetition, and a little more for those that are active or have failed. Control thread only.
class Ledger {
 public:
  void apply(const Event& event);

  // Of the plan that is on, as all that is counted.
  uint32_t generation() const { return static_cast<uint32_t>(tables_.size()); }
  uint64_t experiments() const { return current().experiments(); }
  uint32_t cycles() const { return current().cycles(); }
  // Where `repeatUntil` added some, more than cycles().
  uint32_t cycles_of(uint64_t index) const { return current().cycles_of(index); }
  uint64_t total() const { return current().total(); }
  uint64_t last_seq() const { return last_seq_; }

  RunState run_state() const { return run_state_; }
  const std::string& run_message() const { return run_message_; }
  RunState run_then() const { return run_then_; }
  std::optional<Instant> started_at() const { return started_at_; }
  std::optional<Instant> finished_at() const { return finished_at_; }

  // When it last began to run, from any other state; a new controller does not change that.
  Steady running_since() const { return running_since_; }

  // True for the repetitions of the plan that is on. All that follows may be asked of those of an earlier one
  // too.
  bool has(const RepetitionKey& key) const;
  RepetitionState state(const RepetitionKey& key) const;
  Troubles troubles(const RepetitionKey& key) const;
  // The number that the next attempt at `key` gets.
  uint32_t next_attempt(const RepetitionKey& key) const { return troubles(key).attempts + 1; }
  const ActiveAttempt* active(const RepetitionKey& key) const;
  const std::map<RepetitionKey, ActiveAttempt>& active() const { return active_; }
  uint64_t count(RepetitionState state) const { return current().count(state); }
  uint64_t count(Reason reason) const {
    return reasons_.at(static_cast<size_t>(reason));
  }  // of ended attempts
  // Repetitions that wait for another attempt, the earliest first.
  const std::set<std::pair<Steady, RepetitionKey>>& retries() const { return retries_; }
  // Every planned repetition in `state`; looks at all of them.
  std::vector<RepetitionKey> all_in(RepetitionState state) const;
  // Those that are Failed, and became so since the threshold was last rebased.
  const std::set<RepetitionKey>& failed_since_rebase() const { return failed_; }

  // When the last cooldown of all is over.
  Steady cooldown_until() const { return cooldown_until_; }
  // When the cooldowns of devices are over.
  const std::map<std::string, Steady>& resting() const { return resting_; }
  // The latest cycle of which an attempt was intended; 0 before the first.
  uint32_t last_cycle() const { return last_cycle_; }

  // A pilot that the study asks for is over.
  bool pilot_has_ended() const { return pilot_has_ended_; }

  // The invariants, for tests and for recovery: Internal says which does not hold.
  Result<void> check() const;

 private:
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
  void on(const CooldownBegan& fact, const Event& event);
  void on(const ThresholdRebased& fact, const Event& event);
  void on(const PilotEnded& fact, const Event& event);

  const RepetitionTable& current() const { return tables_.empty() ? nothing_ : tables_.back(); }
  RepetitionTable& table(const RepetitionKey& key) { return tables_.at(key.generation - 1); }
  void carry(const RepetitionKey& from, const RepetitionKey& to);
  // What is not planned any more waits for no retry, and no threshold counts it; what is planned again does.
  void park(const RepetitionKey& key);
  void unpark(const RepetitionKey& key);
  // An attempt at `key` is made: no retry is due any more.
  void begin(const RepetitionKey& key);
  void move(const RepetitionKey& key, RepetitionState to);
  Result<void> check_attempts() const;
  Result<void> check_retries() const;

  uint64_t last_seq_ = 0;
  RunState run_state_ = RunState::Pending;
  RunState run_then_ = RunState::Stopped;
  std::string run_message_;
  std::optional<Instant> started_at_, finished_at_;
  Steady running_since_{};
  Steady cooldown_until_{};
  std::map<std::string, Steady> resting_;
  uint32_t last_cycle_ = 0;

  bool pilot_has_ended_ = false;

  RepetitionTable nothing_;              // before the first generation
  std::vector<RepetitionTable> tables_;  // by generation; the last is on
  std::array<uint64_t, kReasons> reasons_{};
  std::unordered_map<RepetitionKey, Troubles> troubles_;
  std::map<RepetitionKey, ActiveAttempt> active_;
  std::set<std::pair<Steady, RepetitionKey>> retries_;
  std::set<RepetitionKey> failed_;
  std::set<RepetitionKey> parked_failed_;
};

}  // namespace studyctl
