#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "control/command.h"
#include "control/committed_events.h"
#include "control/core_pool.h"
#include "control/deadlines.h"
#include "control/gateway.h"
#include "control/seat.h"
#include "control/typical_duration.h"
#include "control/workspace.h"
#include "engine/engine.h"
#include "model/ledger.h"
#include "model/retry.h"
#include "model/study.h"
#include "model/threshold.h"
#include "plan/repetition_rule.h"
#include "plan/start_queue.h"
#include "plan/variant.h"
#include "store/journal.h"

namespace studyctl {

// The run that a controller drives. What it points to must outlive the controller.
struct RunPlan {
  const Study* study = nullptr;
  uint64_t experiments = 0;
  Room room;  // of the machine
  std::function<std::string(uint64_t)>
      group_of;         // the threshold's group of an experiment; null: it does not group
  uint64_t groups = 0;  // how many groups there are
  // What an attempt runs with, where overrides make that differ; null where they do not.
  std::function<Variant(const RepetitionKey&)> variant_of;
  std::optional<uint64_t> at_most;  // start so many repetitions, then stop: `apply --at-most`
  // The controller before this one lived until now, and left the run as it is to be: paused, or draining.
  bool is_relay = false;
  std::vector<RepetitionKey> pilot;  // these first; the generation is not looked at
  bool pauses_after_pilot = true;
  Duration gpu_time{0};  // spent by attempts that ended before, times their devices
  // Tells of every repetition that is done what the metric of `repeatUntil` came to; null: it is not asked.
  std::function<void(const std::function<void(uint64_t index, double value)>&)> measured;
  Seat* seat = nullptr;       // null: the machine is this run's alone
  CorePool* cores = nullptr;  // that runs share by their ids; likewise
  std::string run;            // its id
  std::string note;           // for people, when it begins to run: "4 are done already, in earlier runs"
  // By whom and by what word this controller was asked for, for the record; of nobody: nothing is recorded.
  CommandAccepted asked{};
};

// What a run says that is paused since its pilot is over, before what else there is to say.
inline constexpr std::string_view kPilotIsOver = "the pilot is over";
// Ends that are published and not durable yet: nothing starts beyond, and recovery publishes as many again.
inline constexpr size_t kMostUnsynced = 1000;

// What is known of an active attempt beyond the ledger, and need not outlive the process.
struct LiveAttempt {
  enum class Stage : uint8_t { Making, Starting, Running, Reading, Sealing };
  AttemptKey key;
  AttemptId id;
  Stage stage = Stage::Making;
  bool is_preparing = false;                           // its directory is being made: it ends behind that
  Timeouts timeouts;                                   // its own
  int retry_limit = 0;                                 // likewise
  std::string message;                                 // what it waits for
  bool is_queued = false;                              // at the engine: it may still be taken back
  int64_t memory_bytes = 0;                            // its limit; 0: none
  std::vector<std::filesystem::path> layers, volumes;  // what it reads, where it starts cold
  std::optional<std::vector<std::string>> cooled;      // what was done so that it does
  Steady last_sign{}, next_look{};
  Steady patient_from{};  // what it waited before does not count: the engine took nothing
  bool look_under_way = false;
  std::optional<double> fraction;  // its progress, as it tells
  std::string progress;
  Observation end;         // from Reading on
  AttemptRecord ended;     // from Sealing on
  RetryDecision decision;  // from Sealing on

  CountedFrom counts_from() const { return {last_sign, patient_from}; }
};

// Turns what users ask, what the engine sees and what the clock says into what happens next. All of it runs
// on the control thread; other threads only use the gateway.
class Controller {
 public:
  struct Parts {
    Journal& journal;
    Engine& engine;
    Workspace& workspace;
    CommittedEvents& published;
    Gateway& gateway;
    Clock& clock;
  };

  Controller(RunPlan plan, Parts parts);

  // How many attempts run at once at most.
  static int places_of(const RunPlan& plan);

  // Folds what the journal knows and opens the run, or goes on with it; then asks the engine what is still
  // true, until it answers. Turns may begin at once; nothing new starts before that.
  Result<void> recover();

  // One turn of the loop: drain commands → note observations → decide → commit → act. Nothing is done in the
  // world before the decision to do it is on disk. An error means that the process must end; recovery is the
  // way back.
  Result<void> turn();

  // The sink of the engine.
  void see(Observation observation) { seen_.push_back(std::move(observation)); }

  // When the next turn is due if nothing happens before.
  std::optional<Steady> next_turn() const;

  // True when nothing is left for this controller: the run has ended, or has paused for good, or was handed
  // over.
  bool finished() const;
  // What the engine has not removed in time when the run was finished: the next look at the engine does.
  size_t left_behind() const { return leaving_.size(); }
  bool handed_over() const { return handed_over_; }
  // Repetitions that this controller has begun, where it may begin so many at most.
  uint64_t begun() const { return begun_here_.size(); }

  const Ledger& ledger() const { return ledger_; }
  const std::map<RepetitionKey, LiveAttempt>& live() const { return live_; }
  // Why nothing (more) starts now, in words; empty when nothing is left to start.
  const std::string& why_waiting() const { return why_waiting_; }
  std::optional<Steady> waits_until() const { return waits_until_; }
  // Devices that are leased to nobody, each with why.
  std::vector<std::string> quarantined() const { return engine_.quarantined(); }
  // Why the engine takes nothing at present; empty where it does.
  std::string trouble() const { return engine_.trouble(); }
  bool disk_full() const { return disk_full_; }
  bool recovering() const { return recovering_; }

 private:
  // controller.cpp: the loop
  void record(Fact fact);
  void after_commit(std::function<void()> act) { acts_.push_back(std::move(act)); }
  void try_later(std::function<void()> act);
  void retry_later();
  Result<void> hold_back(const Error& error);
  bool may_leave() const;
  Result<void> settle_ended();
  void sync_settled(size_t count);
  Result<void> commit_and_act();
  void open_or_go_on();
  void ask_what_is_true(std::vector<Engine::Expected> expected);

  // controller_run.cpp: what starts, what is over, and when all of it ends
  void change_run(RunState state, std::string message, RunState then = RunState::Stopped);
  // `grace`: between SIGTERM and SIGKILL, instead of each one's own.
  void cancel_all(const std::string& message, RunState then, std::optional<Duration> grace = {});
  void advance_run();
  std::optional<Steady> study_deadline() const;
  bool has_come_to_rest() const;
  Steady given_up_at() const;
  void pause_for_what_is_missing();
  void apply_threshold();
  std::optional<std::string> over_threshold() const;
  FailureCounts failure_counts() const;
  void count_groups();
  void count_group_of(const AttemptRecord& ended);
  void start_what_may();
  void ask_for_seat();
  bool has_run_at_most() const;
  std::optional<AttemptKey> within_at_most(const AttemptKey& next);
  void start(const AttemptKey& key);
  bool is_spent() const;
  void end_pilot();
  void repeat_if_uncertain(uint64_t index);
  std::string pin(const RepetitionKey& key);
  std::set<int> pinned() const;  // cores of attempts that are on
  CorePool& cores() { return plan_.cores ? *plan_.cores : own_cores_; }
  void withdraw_unstarted();
  // Nothing is started of what has left the plan, nor while the run does not run.
  bool may_start(const RepetitionKey& key) const;
  void enforce_deadlines();

  // controller_horizon.cpp: a run on what somebody else ends
  std::optional<Steady> last_moment() const;
  void heed_horizon();
  // Why it is not begun any more; nothing where it may well come to its end.
  std::optional<std::string> too_late_for(const RepetitionKey& key) const;

  // controller_attempts.cpp: one attempt from its making to its end
  void limit(LiveAttempt& live) const;
  Timeouts timeouts_of(const RepetitionKey& key) const;
  void make(const AttemptKey& key);
  void create(const AttemptKey& key, AttemptSpec spec, const Result<void>& prepared);
  void launch(const AttemptKey& key);
  void cool(LiveAttempt& live);
  void note(const Observation& observation);
  void note_created(LiveAttempt& live, const Observation& observation);
  void note_running(LiveAttempt& live, const Observation& observation);
  void note_missing(LiveAttempt& live, const Observation& observation);
  void give_back(LiveAttempt& live);
  void stop_again();
  void halt(const LiveAttempt& live, Duration grace);
  void stop(LiveAttempt& live, Reason reason, const std::string& message, std::optional<Duration> grace = {});
  void read(LiveAttempt& live, const Observation& end);
  void decide_end(const AttemptKey& key, Findings findings);
  void seal(const AttemptKey& key);
  void end(const AttemptKey& key);
  void look(LiveAttempt& live);
  LiveAttempt* find(const AttemptKey& key);
  Result<AttemptSpec> spec_of(LiveAttempt& live);
  LiveAttempt& add_live(const AttemptKey& key);

  // controller_commands.cpp
  Gateway::Answer accept(const Command& command);
  Gateway::Answer stop_run(const Command& command);
  Gateway::Answer pause_run(const Command& command);
  Gateway::Answer resume_run(const Command& command);
  Gateway::Answer cancel_run(const Command& command);
  Gateway::Answer cancel_some(const Command& command);
  Gateway::Answer skip(const Command& command);
  uint64_t skip_waiting(const std::vector<RepetitionKey>& keys, const std::string& who,
                        const std::string& why);
  Gateway::Answer retry(const Command& command);
  std::vector<RepetitionKey> all_in(const std::vector<RepetitionState>& states) const;

  RunPlan plan_;
  const Execution& execution_;
  Journal& journal_;
  Engine& engine_;
  Workspace& workspace_;
  CommittedEvents& published_;
  Gateway& gateway_;
  Clock& clock_;
  Ledger ledger_;
  StartQueue queue_;
  std::optional<RepetitionRule> repetition_rule_;
  Duration gpu_time_;  // of attempts that have ended
  TypicalDuration durations_;

  std::map<RepetitionKey, LiveAttempt> live_;
  std::unordered_map<AttemptId, AttemptKey> by_id_;
  std::unordered_map<AttemptId, Steady> leaving_;  // ended on record; being removed since then
  std::vector<Observation> seen_;
  std::vector<Event> unpublished_;
  std::deque<std::pair<AttemptKey, Verdict>> to_settle_;  // their ends are on disk
  size_t unsynced_ = 0;                                   // settled, and gone again after a power cut
  std::string unsynced_why_;                              // as it was said last
  std::vector<std::function<void()>> acts_;  // they do, and record nothing: what they decided is on disk
  std::vector<std::pair<Gateway::Request, Gateway::Answer>> to_answer_;
  std::vector<std::function<void()>> later_;  // acts that failed for a while, tried again at retry_at_
  std::optional<Steady> retry_at_;
  Steady began_{};
  CorePool own_cores_;                                     // where no other run shares them
  std::set<RepetitionKey> begun_here_;                     // by this controller, for at_most
  std::set<std::string> failed_groups_, finished_groups_;  // for the threshold
  std::string missing_;    // what a container cannot be made without: pauses the run
  std::string held_back_;  // why its seat lets it start nothing
  std::string why_waiting_;
  std::optional<Steady> waits_until_;
  bool recovering_ = true;
  bool disk_full_ = false;
  bool ends_when_paused_ = false;
  std::optional<Steady> hands_over_until_;  // set: nothing is started; by then it has handed over
  bool handed_over_ = false;
};

}  // namespace studyctl
