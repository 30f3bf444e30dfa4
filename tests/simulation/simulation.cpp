#include "simulation/simulation.h"

#include <algorithm>

namespace studyctl {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Disk = MemoryJournal::Disk;

constexpr uint64_t kMostSteps = 400000;
constexpr uint64_t kMishap = 4;  // percent of the steps

uint64_t roll(uint64_t seed, const AttemptId& attempt, uint64_t salt) {
  const AttemptKey key = key_of(attempt);
  return Dice(seed ^ salt ^ (key.repetition.index << 24) ^ (uint64_t{key.repetition.cycle} << 12) ^
              key.attempt)
      .below(100);
}

}  // namespace

Simulation::Simulation(uint64_t seed)
    : seed_(seed),
      dice_(seed),
      random_(random_study(dice_)),
      chaos_(100 + dice_.below(3000)),
      invariants_(journal_, engine_, workspace_, published_,
                  static_cast<size_t>(random_.study.execution.parallelism)) {
  journal_.set_trap(trap_);
  engine_.refuse_create = [this](const AttemptId& attempt) {
    return roll(seed_, attempt, 1) < 5 ? std::optional(Reason::ImagePull) : std::nullopt;
  };
  engine_.refuse_start = [this](const AttemptId& attempt) {
    return roll(seed_, attempt, 2) < 3 ? std::optional(Reason::CreateError) : std::nullopt;
  };
  workspace_.findings_of = [this](const AttemptKey& key, const Workspace::Question& question) {
    Findings findings;
    if (question.exited_zero && roll(seed_, id_of(key), 3) < 5) findings.verdict = Reason::ResultMissing;
    if (roll(seed_, id_of(key), 4) < 30) findings.matched_patterns = question.log_patterns;
    return findings;
  };
  workspace_.sign_of = [this](const AttemptKey&) { return Sign{dice_.percent(20), {}, ""}; };
}

Simulation::Report Simulation::run() {
  while (!done_ && invariants_.violations().empty()) {
    if (++steps_ == chaos_) calm_down();
    if (steps_ > chaos_ + kMostSteps) {
      invariants_.violate("the run never ends");
      break;
    }
    try {
      step();
    } catch (const Crash&) {
      ++crashes_;
      die();
    }
  }
  Report report{
      invariants_.violations(), invariants_.trace() ^ steps_, steps_, crashes_, journal_.events().size(), 0,
      RunState::Pending};
  report.changes = changes_;
  if (controller_) report.state = controller_->ledger().run_state();
  return report;
}

void Simulation::step() {
  end_workloads();
  if (steps_ < chaos_ && dice_.percent(kMishap)) misfortune();
  if (!controller_) {
    if (steps_ >= chaos_ || dice_.percent(30)) return begin();
    return step_time();
  }
  const bool hurries = steps_ < chaos_ && dice_.percent(10);
  if (hurries) return step_time();
  step_world();
}

// One thing happens somewhere, in no order that anybody may rely on.
void Simulation::step_world() {
  const uint64_t start = dice_.below(3);
  for (uint64_t i = 0; i < 3; ++i) {
    switch ((start + i) % 3) {
      case 0:
        if (is_due() || (steps_ < chaos_ && dice_.percent(20))) return step_controller();
        break;
      case 1:
        if (step_engine()) return;
        break;
      default:
        if (workspace_.waiting() == 0) break;
        woken_ = true;
        return workspace_.answer(dice_.below(workspace_.waiting()));
    }
  }
  step_time();
}

bool Simulation::step_engine() {
  if (engine_.owes_an_answer() && dice_.percent(50)) {
    woken_ = true;
    engine_.answer();
    return true;
  }
  const std::vector<AttemptId> moving = engine_.on_their_way();
  if (!moving.empty() && (engine_.due().empty() || dice_.percent(50))) {
    engine_.happen(pick(moving));
    return true;
  }
  if (engine_.due().empty()) return engine_.owes_an_answer();
  const AttemptId attempt = pick({engine_.due().begin(), engine_.due().end()});
  const bool in_chaos = steps_ < chaos_;
  if (!in_chaos || !dice_.percent(5)) {
    woken_ = true;
    engine_.tell(attempt);
  }
  if (!in_chaos || !dice_.percent(10)) engine_.swallow(attempt);
  return true;
}

bool Simulation::is_due() const {
  const auto next = controller_->next_turn();
  return woken_ || (next && *next <= clock_.steady());
}

void Simulation::step_controller() {
  woken_ = false;
  const auto turned = controller_->turn();
  if (!turned) {
    if (journal_.disk_full()) invariants_.violate("a full disk ends the process");
    return die();
  }
  invariants_.after_turn(controller_->ledger());
  if (controller_->finished()) after_end();
}

void Simulation::step_time() {
  Steady next = std::max(look_around_at_, clock_.steady());
  for (const AttemptId& attempt : engine_.running())
    next = std::min(next, engine_.find(attempt)->running_since +
                              workload_of(seed_, key_of(attempt), random_.study.execution).length);
  if (controller_)
    if (const auto turn = controller_->next_turn()) next = std::min(next, *turn);
  clock_.advance(std::max(next - clock_.steady(), Duration(0)));
  if (steps_ < chaos_ && dice_.percent(5)) clock_.advance(dice_.between(Duration(0), minutes(2)));
  if (clock_.steady() < look_around_at_) return;
  look_around_at_ = clock_.steady() + seconds(30);
  engine_.look_around();
}

void Simulation::end_workloads() {
  for (const AttemptId& attempt : engine_.running()) {
    const Workload workload = workload_of(seed_, key_of(attempt), random_.study.execution);
    if (clock_.steady() >= engine_.find(attempt)->running_since + workload.length)
      engine_.exit(attempt, workload.exit_code, workload.reason);
  }
}

void Simulation::misfortune() {
  switch (dice_.below(4)) {
    case 0: return break_engine();
    case 1: return break_machine();
    case 2: return user();
    default:
      if (controller_) trap_.arm(1 + dice_.below(12));
  }
}

void Simulation::break_engine() {
  switch (dice_.below(4)) {
    case 0: return engine_.restart();
    case 1:
      if (!engine_.running().empty()) engine_.lose(pick(engine_.running()));
      return;
    case 2: engine_.failing_resyncs = static_cast<int>(dice_.below(4)); return;
    default: engine_.look_around();
  }
}

void Simulation::break_machine() {
  switch (dice_.below(5)) {
    case 0: return clock_.jump(dice_.between(-hours(48), hours(48)));
    case 1: return journal_.set_disk(dice_.percent(80) ? Disk::Full : Disk::Broken);
    case 2: workspace_.full = true; return;
    case 3:
      if (dice_.percent(20)) workspace_.missing = "secret hf: key token is missing";
      return;
    default:
      journal_.set_disk(Disk::Fine);
      workspace_.full = false;
      workspace_.missing.clear();
  }
}

void Simulation::user() {
  if (!controller_) return;
  const uint64_t wish = dice_.below(100);
  using Kind = Command::Kind;
  if (wish >= 95) {
    Command some{dice_.percent(50) ? Kind::Skip : Kind::Cancel, "ann", {}, {}};
    const Ledger& ledger = controller_->ledger();
    for (uint64_t i = 0; i < 3; ++i)
      some.repetitions.push_back(
          {ledger.generation(), dice_.below(std::max<uint64_t>(ledger.experiments(), 1)), 1});
    woken_ = true;
    gateway_->ask(std::move(some));
    return;
  }
  const Kind kind = wish < 25   ? Kind::Stop
                    : wish < 50 ? Kind::Pause
                    : wish < 75 ? Kind::Resume
                    : wish < 85 ? Kind::HandOver
                    : wish < 93 ? Kind::Retry
                                : Kind::Cancel;
  woken_ = true;
  gateway_->ask(Command{kind, "ann", {}, {}});
}

// What apply records between two controllers.
void Simulation::change_plan() {
  uint32_t generation = 0;
  RunState state = RunState::Pending;
  known_.clear();
  for (const Event& event : journal_.events()) {
    if (const auto* opened = std::get_if<GenerationOpened>(&event.fact)) generation = opened->generation;
    if (const auto* moved = std::get_if<ExperimentCarried>(&event.fact)) known_[moved->to] = generation;
    if (const auto* begun = std::get_if<AttemptIntended>(&event.fact))
      known_[begun->key.repetition.index] = begun->key.repetition.generation;
    if (const auto* skipped = std::get_if<RepetitionSkipped>(&event.fact))
      known_[skipped->key.index] = skipped->key.generation;
    if (const auto* changed = std::get_if<RunStateChanged>(&event.fact)) state = changed->state;
  }
  if (generation == 0 || (is_final(state) && state != RunState::Stopped)) return;
  random_.study.execution.cycles = static_cast<uint32_t>(1 + dice_.below(3));
  uint64_t seq = journal_.events().size();
  const auto add = [&](Fact fact) { journal_.append({++seq, clock_.now(), {}, std::move(fact)}); };
  if (dice_.percent(30)) {
    add(CyclesChanged{random_.study.execution.cycles});
  } else {
    random_.experiments = std::max<uint64_t>(1 + dice_.below(12), random_.groups);
    add(GenerationOpened{generation + 1, random_.experiments, random_.study.execution.cycles});
    for (const auto& [index, before] : known_)
      if (index < random_.experiments)
        add(ExperimentCarried{before, index, index, random_.study.execution.cycles});
  }
  ++changes_;
  const bool recorded = static_cast<bool>(journal_.commit());
  if (!recorded) invariants_.violate("a plan cannot be changed on a disk that is fine");
}

void Simulation::begin() {
  if (steps_ < chaos_ && journal_.disk() == Disk::Fine && dice_.percent(10)) change_plan();
  gateway_ = std::make_unique<Gateway>([] {});
  RunPlan plan;
  plan.study = &random_.study;
  plan.experiments = random_.experiments;
  plan.room = {64000, int64_t{1} << 40, {}};
  plan.groups = random_.groups;
  if (random_.groups > 0)
    plan.group_of = [groups = random_.groups](uint64_t index) { return std::to_string(index % groups); };
  if (goes_on_ < 5) plan.at_most = random_.at_most;
  controller_ = std::make_unique<Controller>(
      plan, Controller::Parts{journal_, engine_, workspace_, published_, *gateway_, clock_});
  engine_.attach([this](Observation observation) { controller_->see(std::move(observation)); });
  if (const auto recovered = controller_->recover(); !recovered) {
    if (steps_ >= chaos_) invariants_.violate(recovered.error().message);
    return die();
  }
  invariants_.after_turn(controller_->ledger());
  if (first_) gateway_->ask(*std::exchange(first_, std::nullopt));
  woken_ = true;
}

void Simulation::die() {
  trap_.disarm();
  controller_.reset();
  gateway_.reset();
  journal_.crash();
  workspace_.crash();
  engine_.controller_dies();
}

// The controller has nothing left to do; somebody looks, and may want it to go on.
void Simulation::after_end() {
  const RunState state = controller_->ledger().run_state();
  const bool unfinished = controller_->handed_over() || !is_final(state) ||
                          (state == RunState::Stopped && ++goes_on_ < 20 && dice_.percent(90));
  if (unfinished) return die();
  if (state != RunState::Completed && state != RunState::Stopped && retries_ < 2 && dice_.percent(30)) {
    ++retries_;
    first_ = Command{Command::Kind::Retry, "ann", {}, {}};
    return die();
  }
  invariants_.at_end(controller_->ledger(), controller_->left_behind());
  done_ = true;
}

void Simulation::calm_down() {
  trap_.disarm();
  journal_.set_disk(Disk::Fine);
  workspace_.full = false;
  workspace_.missing.clear();
  engine_.failing_resyncs = 0;
  woken_ = true;
  // A paused run with nobody to resume it would wait for ever.
  if (controller_) gateway_->ask(Command{Command::Kind::Resume, "ann", {}, {}});
}

}  // namespace studyctl
