#include <algorithm>

#include "base/log.h"
#include "control/controller.h"
#include "control/outcome.h"

// One attempt, from its making to its end.
namespace studyctl {
namespace {

// How often a running attempt's files are looked at: often enough for its stall timeout, and for people who
// watch.
Duration look_interval(const Timeouts& timeouts) {
  if (!timeouts.stalled) return Duration(2000);
  return std::clamp(timeouts.stalled->after / 5, Duration(200), Duration(2000));
}

// By the engine's own times, whose end may lie a little before the start (Podman takes it from a file's
// time); by ours where it gives none, or the wall clock jumped between them.
Duration measured_duration(const ActiveAttempt& attempt, const Observation& end, Steady now) {
  if (attempt.stage != ActiveAttempt::Stage::Running) return Duration(0);
  const Duration seen = now - attempt.running_since;
  if (!end.started_at || !end.finished_at) return seen;
  constexpr Duration kDoubt = std::chrono::seconds(2);
  const Duration told = *end.finished_at - *end.started_at;
  const bool jumped = told < -kDoubt || told > now - attempt.intended_at + kDoubt;
  return jumped ? seen : std::max(told, Duration(0));
}

// A deadline that passed while no controller looked has stopped nothing where the container had ended before,
// by the engine's times: as far as the wall clock, which those are of, went with the steady one since the
// start.
ActiveAttempt as_it_ended(ActiveAttempt attempt, const Observation& end, const Timeouts& timeouts,
                          const Clock& clock) {
  const bool is_told = end.phase == Observation::Phase::Exited && end.started_at && end.finished_at;
  if (!is_told || attempt.stopping != Reason::Timeout || !timeouts.run) return attempt;
  const Duration doubt = (clock.now() - *end.started_at) - (clock.steady() - attempt.running_since);
  const Duration at_most = *end.finished_at - *end.started_at + std::chrono::abs(doubt);
  if (at_most < *timeouts.run) attempt.stopping.reset();
  return attempt;
}

std::vector<std::string> log_patterns(const RetryPolicy& policy) {
  std::vector<std::string> patterns;
  for (const RetryRule& rule : policy.rules)
    if (!rule.log_pattern.empty()) patterns.push_back(rule.log_pattern);
  return patterns;
}

Observation not_there(const AttemptId& attempt) {
  Observation missing;
  missing.attempt = attempt;
  missing.phase = Observation::Phase::Missing;
  return missing;
}

}  // namespace

LiveAttempt* Controller::find(const AttemptKey& key) {
  auto found = live_.find(key.repetition);
  return found == live_.end() || found->second.key != key ? nullptr : &found->second;
}

LiveAttempt& Controller::add_live(const AttemptKey& key) {
  LiveAttempt& live = live_[key.repetition];
  live = {};
  live.key = key;
  live.id = workspace_.id(key);
  by_id_[live.id] = key;
  limit(live);
  return live;
}

// What it may take, by the execution as it is now.
void Controller::limit(LiveAttempt& live) const {
  live.timeouts = timeouts_of(live.key.repetition);
  live.retry_limit =
      plan_.variant_of ? plan_.variant_of(live.key.repetition).retry_limit : execution_.retry.limit;
}

Timeouts Controller::timeouts_of(const RepetitionKey& key) const {
  Timeouts timeouts = plan_.variant_of ? plan_.variant_of(key).timeouts : execution_.timeouts;
  const Duration grown = ledger_.troubles(key).grown.run_timeout;
  if (timeouts.run) timeouts.run = std::max(*timeouts.run, grown);
  return timeouts;
}

Result<AttemptSpec> Controller::spec_of(LiveAttempt& live) {
  const RepetitionKey& key = live.key.repetition;
  auto spec =
      workspace_.spec(live.key, {ledger_.active(key)->cpus, ledger_.troubles(key).grown.memory_bytes});
  if (!spec) return spec;
  live.memory_bytes = spec->main.resources.memory_bytes.value_or(0);
  spec->run_timeout = live.timeouts.run;
  spec->grace = live.timeouts.grace;
  return spec;
}

void Controller::make(const AttemptKey& key) {
  LiveAttempt* live = find(key);
  if (!live || live->stage != LiveAttempt::Stage::Making || live->is_preparing) return;
  if (ledger_.active(key.repetition)->stopping || !may_start(key.repetition)) return see(not_there(live->id));
  auto spec = spec_of(*live);
  if (!spec) {
    missing_ = spec.error().message;
    return see(not_there(live->id));
  }
  live->is_preparing = true;
  workspace_.prepare(key, *spec, [this, key, spec = *spec](Result<void> prepared) mutable {
    after_commit([this, key, spec = std::move(spec), prepared = std::move(prepared)]() mutable {
      create(key, std::move(spec), prepared);
    });
  });
}

// What was decided while its directory was being made counts.
void Controller::create(const AttemptKey& key, AttemptSpec spec, const Result<void>& prepared) {
  LiveAttempt* live = find(key);
  if (!live) return;
  live->is_preparing = false;
  if (live->stage != LiveAttempt::Stage::Making || hands_over_until_) return;
  if (ledger_.active(key.repetition)->stopping || !may_start(key.repetition)) return see(not_there(live->id));
  if (!prepared && prepared.error().code != ErrorCode::Unavailable) {
    missing_ = prepared.error().message;
    return see(not_there(live->id));
  }
  if (!prepared) {
    if (live->message != prepared.error().message) log::warning(prepared.error().message);
    live->message = prepared.error().message;
    return try_later([this, key] { make(key); });
  }
  spec.device_rules.resting = ledger_.resting();
  engine_.create(spec);
}

void Controller::launch(const AttemptKey& key) {
  LiveAttempt* live = find(key);
  if (!live || live->stage != LiveAttempt::Stage::Starting) return;
  // A full disk may have held its start back for long.
  if (ledger_.active(key.repetition)->stopping) return see(not_there(live->id));
  if (execution_.cold_start && !live->cooled) return cool(*live);
  engine_.start(live->id);
}

void Controller::cool(LiveAttempt& live) {
  const AttemptKey key = live.key;
  workspace_.cool(live.layers, live.volumes, [this, key](std::vector<std::string> notes) {
    LiveAttempt* cooled = find(key);
    if (!cooled) return;
    cooled->cooled = std::move(notes);
    after_commit([this, key] { launch(key); });
  });
}

void Controller::note(const Observation& observation) {
  if (observation.phase == Observation::Phase::Gone) {
    leaving_.erase(observation.attempt);
    return;
  }
  auto known = by_id_.find(observation.attempt);
  LiveAttempt* live = known == by_id_.end() ? nullptr : find(known->second);
  if (!live) {
    if (leaving_.try_emplace(observation.attempt, clock_.steady()).second)
      after_commit([this, id = observation.attempt] { engine_.forget(id); });
    return;
  }
  if (live->stage >= LiveAttempt::Stage::Reading) return;
  switch (observation.phase) {
    case Observation::Phase::Preparing:
      live->message = observation.message;
      live->is_queued = observation.is_queued;
      return;
    case Observation::Phase::Created: return note_created(*live, observation);
    case Observation::Phase::Running: return note_running(*live, observation);
    case Observation::Phase::Missing: return note_missing(*live, observation);
    case Observation::Phase::Refused:
    case Observation::Phase::Exited: return read(*live, observation);
    case Observation::Phase::Gone: return;
  }
}

void Controller::note_created(LiveAttempt& live, const Observation& observation) {
  if (live.stage != LiveAttempt::Stage::Making) return;
  const ActiveAttempt& attempt = *ledger_.active(live.key.repetition);
  if (attempt.stage != ActiveAttempt::Stage::Intended || hands_over_until_) return;
  if (!attempt.stopping && !may_start(live.key.repetition)) give_back(live);
  if (attempt.stopping) return read(live, observation);
  live.stage = LiveAttempt::Stage::Starting;
  live.message.clear();
  live.layers = observation.layers;
  live.volumes = observation.volumes;
  record(AttemptStarting{live.key, observation.container, observation.image_digest, observation.devices});
  after_commit([this, key = live.key] { launch(key); });
}

void Controller::note_running(LiveAttempt& live, const Observation& observation) {
  const ActiveAttempt& attempt = *ledger_.active(live.key.repetition);
  const Steady now = clock_.steady();
  if (attempt.stage != ActiveAttempt::Stage::Running)
    record(AttemptRunning{live.key, observation.started_at.value_or(clock_.now())});
  if (live.stage != LiveAttempt::Stage::Running) {
    live.last_sign = now;
    live.next_look = now + look_interval(live.timeouts);
  }
  live.stage = LiveAttempt::Stage::Running;
  live.message.clear();
  live.is_queued = false;
  // By a controller that may have died before it said so, or while its start was under way.
  if (attempt.stopping) halt(live, live.timeouts.grace);
}

void Controller::note_missing(LiveAttempt& live, const Observation& observation) {
  const ActiveAttempt& attempt = *ledger_.active(live.key.repetition);
  const bool never_made =
      attempt.stage == ActiveAttempt::Stage::Intended && live.stage == LiveAttempt::Stage::Making;
  if (never_made && !attempt.stopping) {
    if (may_start(live.key.repetition)) return after_commit([this, key = live.key] { make(key); });
    give_back(live);
  }
  read(live, observation);
}

// It has not been started, and the run is about to start nothing: its repetition waits again.
void Controller::give_back(LiveAttempt& live) {
  const RunState state = ledger_.run_state();
  const Reason reason = state == RunState::Cancelling ? Reason::Cancelled : Reason::Interrupted;
  const bool has_left = !ledger_.has(live.key.repetition);
  record(AttemptStopping{live.key, reason,
                         has_left ? std::string("not started: it has left the plan")
                                  : "not started: the run is " + std::string(name_of(state))});
}

void Controller::stop(LiveAttempt& live, Reason reason, const std::string& message,
                      std::optional<Duration> grace) {
  if (live.stage >= LiveAttempt::Stage::Reading) return;
  if (!ledger_.active(live.key.repetition)->stopping) record(AttemptStopping{live.key, reason, message});
  halt(live, grace.value_or(live.timeouts.grace));
}

// What was decided by a controller that may have died before it said so: of what runs, note_running() does.
void Controller::stop_again() {
  for (const auto& [repetition, live] : live_) {
    const bool has_begun = live.stage >= LiveAttempt::Stage::Running;
    if (!has_begun && ledger_.active(repetition)->stopping) engine_.stop(live.id, live.timeouts.grace);
  }
}

// The engine does not know it before its directory is made, and it is not made at the engine then.
void Controller::halt(const LiveAttempt& live, Duration grace) {
  if (!live.is_preparing) after_commit([this, id = live.id, grace] { engine_.stop(id, grace); });
}

void Controller::read(LiveAttempt& live, const Observation& end) {
  const ActiveAttempt& attempt = *ledger_.active(live.key.repetition);
  if (end.phase == Observation::Phase::Exited && attempt.stage != ActiveAttempt::Stage::Running)
    record(AttemptRunning{live.key, end.started_at.value_or(clock_.now())});
  live.stage = LiveAttempt::Stage::Reading;
  live.end = end;
  const AttemptKey key = live.key;
  const bool well = ended_well(as_it_ended(attempt, end, live.timeouts, clock_), end);
  workspace_.read(key, {well, log_patterns(execution_.retry)},
                  [this, key](Findings findings) { decide_end(key, std::move(findings)); });
}

void Controller::decide_end(const AttemptKey& key, Findings findings) {
  LiveAttempt& live = *find(key);
  const ActiveAttempt attempt = as_it_ended(*ledger_.active(key.repetition), live.end, live.timeouts, clock_);
  Outcome outcome = outcome_of(attempt, live.end, findings);
  const auto log_matches = [&](const std::string& pattern) {
    const auto& matched = findings.matched_patterns;
    return std::find(matched.begin(), matched.end(), pattern) != matched.end();
  };
  const bool exited = live.end.phase == Observation::Phase::Exited;
  const AttemptEnd end{outcome.reason,
                       exited ? std::optional(live.end.exit_code) : std::nullopt,
                       ledger_.troubles(key.repetition),
                       {live.memory_bytes, live.timeouts.run.value_or(Duration(0))},
                       log_matches};
  RetryPolicy policy = execution_.retry;
  policy.limit = live.retry_limit;
  const bool given_back = attempt.stopping == Reason::Interrupted;
  live.decision = given_back ? RetryDecision{Verdict::Withdrawn, false, {}, false, "", end.before.grown}
                             : decide_retry(policy, end);
  if (live.decision.verdict == Verdict::Retry && !ledger_.has(key.repetition))
    live.decision = {Verdict::Failed, true, {}, false, "not retried: it has left the plan", {}};
  if (!live.decision.why.empty()) outcome.message += " (" + live.decision.why + ")";
  findings.warnings.insert(findings.warnings.end(), live.end.warnings.begin(), live.end.warnings.end());

  AttemptRecord& ended = live.ended;
  ended.key = key;
  ended.reason = outcome.reason;
  ended.verdict = live.decision.verdict;
  ended.counted = live.decision.counted;
  ended.message = outcome.message;
  ended.exit_code = live.end.exit_code;
  ended.signal = live.end.signal;
  ended.duration = measured_duration(attempt, live.end, clock_.steady());
  ended.intended_at = attempt.intended_on;
  ended.started_at = live.end.started_at;
  if (!ended.started_at && attempt.stage == ActiveAttempt::Stage::Running)
    ended.started_at = attempt.started_at;
  ended.finished_at = live.end.finished_at.value_or(clock_.now());
  if (ended.started_at) ended.finished_at = std::max(ended.finished_at, ended.started_at);
  ended.container = attempt.container;
  ended.image_digest = attempt.image_digest.empty() ? live.end.image_digest : attempt.image_digest;
  ended.cpus = attempt.cpus;
  ended.devices = attempt.devices;
  ended.failure = std::move(findings.failure);
  ended.metrics = std::move(findings.metrics);
  ended.warnings = std::move(findings.warnings);
  ended.conditions = std::move(live.end.conditions);
  ended.cold_start = live.cooled.value_or(std::vector<std::string>{});
  ended.memory_bytes = end.had.memory_bytes;
  ended.run_timeout = end.had.run_timeout;
  ended.grown = live.decision.grown;
  live.stage = LiveAttempt::Stage::Sealing;
  seal(key);
}

void Controller::seal(const AttemptKey& key) {
  workspace_.seal(find(key)->ended, [this, key](Result<void> sealed) {
    if (sealed) return end(key);
    LiveAttempt& live = *find(key);
    if (live.message != sealed.error().message) log::warning(sealed.error().message);
    live.message = sealed.error().message;
    try_later([this, key] { seal(key); });
  });
}

void Controller::end(const AttemptKey& key) {
  const LiveAttempt live = std::move(*find(key));
  live_.erase(key.repetition);
  by_id_.erase(live.id);
  const AttemptRecord& ended = live.ended;
  record(AttemptEnded{key, ended.reason, ended.verdict, live.decision.counted, live.decision.backoff,
                      ended.exit_code, ended.duration, ended.message, ended.metrics, ended.warnings,
                      ended.conditions, ended.grown});
  to_settle_.emplace_back(key, ended.verdict);
  count_group_of(ended);
  if (ended.verdict == Verdict::Succeeded) durations_.add(ended.duration);
  gpu_time_ += ended.duration * static_cast<int64_t>(ended.devices.size());
  if (repetition_rule_ && ledger_.has(key.repetition)) {
    if (ended.verdict == Verdict::Succeeded)
      for (const MetricValue& metric : ended.metrics)
        if (metric.name == repetition_rule_->rule().metric)
          repetition_rule_->note(key.repetition.index, metric.value);
    repeat_if_uncertain(key.repetition.index);
  }
  leaving_[live.id] = clock_.steady();
  after_commit([this, id = live.id, ended] {
    engine_.note_end(ended.devices, ended.reason, ended.message);
    engine_.forget(id);
  });
  const RunState state = ledger_.run_state();
  const bool goes_on = state == RunState::Running || state == RunState::Paused;
  if (live.decision.fail_study && (goes_on || state == RunState::Stopping))
    return change_run(RunState::Stopping, ended.message, RunState::Failed);
  if (!goes_on) return;
  const Duration gap = queue_.cooldown_before_next(ledger_);
  if (gap == Duration(0)) return;
  const bool is_between = queue_.between_cycles(ledger_);
  record(CooldownBegan{gap, is_between, is_between ? std::vector<std::string>{} : ended.devices});
}

void Controller::look(LiveAttempt& live) {
  if (live.look_under_way) return;
  live.look_under_way = true;
  const AttemptKey key = live.key;
  workspace_.look(key, [this, key](const Sign& sign) {
    LiveAttempt* watched = find(key);
    if (!watched) return;
    watched->look_under_way = false;
    watched->next_look = clock_.steady() + look_interval(watched->timeouts);
    if (sign.changed) watched->last_sign = clock_.steady();
    watched->fraction = sign.fraction;
    watched->progress = sign.message;
  });
}

}  // namespace studyctl
