#include "control/fake_engine.h"

#include <csignal>

namespace studyctl {

using State = FakeEngine::Container::State;

void FakeEngine::inspect(std::function<void(Result<Inventory>)> done) {
  done(Inventory{});
}
void FakeEngine::prepare_image(const std::string&, PullPolicy,
                               std::function<void(Result<std::string>)> done) {
  done(std::string("sha256:1"));
}

void FakeEngine::create(const AttemptSpec& spec) {
  expect_committed("create " + spec.id.text);
  if (!journal_.intended().contains(key_of(spec.id)))
    violations.push_back(spec.id.text + " is created before its intent is on disk");
  created.push_back(spec.id);
  watched_.insert(spec.id);
  cut_.erase(spec.id);
  const auto [container, is_new] = containers_.try_emplace(spec.id);
  if (!is_new) due_.insert(spec.id);
  container->second.run_timeout = spec.run_timeout;
}

void FakeEngine::start(const AttemptId& attempt) {
  expect_committed("start " + attempt.text);
  if (!journal_.starting().contains(key_of(attempt)))
    violations.push_back(attempt.text + " is started before its intent is on disk");
  started.push_back(attempt);
  auto found = containers_.find(attempt);
  due_.insert(attempt);
  if (found == containers_.end()) return;
  if (++found->second.start_calls > 1) violations.push_back(attempt.text + " is started twice");
  expect_alone(attempt);
  found->second.starts = true;
}

void FakeEngine::stop(const AttemptId& attempt, Duration grace) {
  expect_committed("stop " + attempt.text);
  stopped.push_back(attempt);
  auto found = containers_.find(attempt);
  if (found == containers_.end()) return;
  Container& container = found->second;
  if (container.state == State::Pulling) {
    containers_.erase(found);
    return refuse(attempt, Reason::Cancelled);
  }
  if (container.state == State::Created && !container.starts) return refuse(attempt, Reason::Cancelled);
  if (container.state == State::Exited) return;
  container.stops = true;
  container.grace = grace;
}

void FakeEngine::forget(const AttemptId& attempt) {
  expect_committed("forget " + attempt.text);
  forgotten.push_back(attempt);
  leaving_.insert(attempt);
  watched_.erase(attempt);
  refused_.erase(attempt);
  auto found = containers_.find(attempt);
  if (found == containers_.end()) {
    due_.insert(attempt);
    return;
  }
  if (found->second.state == State::Running && journal_.ended().contains(key_of(attempt)))
    violations.push_back(attempt.text + " has ended on record and runs");
  found->second.leaves = true;
}

void FakeEngine::resync(std::vector<Expected> expected, std::function<void(Result<void>)> done) {
  expect_committed("resync");
  resync_ = [this, expected = std::move(expected), done = std::move(done)] {
    if (failing_resyncs > 0) {
      --failing_resyncs;
      return done(Error{ErrorCode::Unavailable, "the engine does not answer"});
    }
    std::set<AttemptId> ours;
    for (const Expected& one : expected) {
      const AttemptId& id = one.spec.id;
      ours.insert(id);
      watched_.insert(id);
      auto found = containers_.find(id);
      const bool is_cut = one.start_intended && found != containers_.end() &&
                          found->second.state == State::Created && !is_held(found->second);
      if (is_cut) containers_.erase(found);
      Observation first = seen(id);
      if (first.phase == Observation::Phase::Exited) {
        first.phase = Observation::Phase::Running;
        due_.insert(id);
      }
      sink_(std::move(first));
    }
    std::erase_if(containers_, [&](const auto& entry) { return !ours.contains(entry.first); });
    done({});
  };
}

void FakeEngine::happen(const AttemptId& attempt) {
  auto found = containers_.find(attempt);
  if (found == containers_.end()) return;
  Container& container = found->second;
  if (is_held(container) && !container.stops && !container.leaves) return;
  due_.insert(attempt);
  if (container.leaves) {
    containers_.erase(found);
  } else if (is_held(container)) {
    containers_.erase(found);
    refuse(attempt, Reason::Cancelled);
  } else if (container.state == State::Pulling) {
    if (const auto reason = refuse_create ? refuse_create(attempt) : std::nullopt) {
      containers_.erase(found);
      return refuse(attempt, *reason);
    }
    container.state = State::Created;
  } else if (container.starts) {
    container.starts = false;
    if (const auto reason = refuse_start ? refuse_start(attempt) : std::nullopt)
      return refuse(attempt, *reason);
    container.state = State::Running;
    container.running_since = clock_.steady();
    container.started_at = clock_.now();
    expect_alone(attempt);
  } else if (container.stops) {
    end(container, 128 + SIGTERM, SIGTERM, Reason::Completed);
  }
}

void FakeEngine::happen() {
  for (const AttemptId& attempt : on_their_way()) happen(attempt);
}

std::vector<AttemptId> FakeEngine::on_their_way() const {
  std::vector<AttemptId> moving;
  for (const auto& [id, container] : containers_)
    if (container.state == State::Pulling || container.starts || container.stops || container.leaves)
      moving.push_back(id);
  return moving;
}

void FakeEngine::exit(const AttemptId& attempt, int code, Reason reason) {
  end(containers_.at(attempt), code, 0, reason);
  due_.insert(attempt);
}

void FakeEngine::lose(const AttemptId& attempt) {
  containers_.erase(attempt);
  due_.insert(attempt);
}

void FakeEngine::restart() {
  for (auto entry = containers_.begin(); entry != containers_.end();) {
    auto& [id, container] = *entry;
    due_.insert(id);
    if (container.starts) {
      cut_.insert(id);
      entry = containers_.erase(entry);
      continue;
    }
    if (container.state == State::Running) end(container, 137, SIGKILL, Reason::Interrupted);
    ++entry;
  }
}

void FakeEngine::controller_dies() {
  watched_.clear();
  leaving_.clear();
  due_.clear();
  cut_.clear();
  refused_.clear();
  resync_ = nullptr;
  std::erase_if(containers_, [](const auto& entry) { return entry.second.state == State::Pulling; });
  for (auto& [id, container] : containers_) container.stops = container.leaves = false;
}

void FakeEngine::tell(const AttemptId& attempt) {
  sink_(seen(attempt));
}

void FakeEngine::answer() {
  if (resync_) std::exchange(resync_, nullptr)();
}

void FakeEngine::tell() {
  answer();
  for (const AttemptId& attempt : std::exchange(due_, {})) tell(attempt);
}

void FakeEngine::look_around() {
  due_.insert(watched_.begin(), watched_.end());
  due_.insert(leaving_.begin(), leaving_.end());
  for (const auto& [id, container] : containers_) due_.insert(id);
}

const FakeEngine::Container* FakeEngine::find(const AttemptId& attempt) const {
  auto found = containers_.find(attempt);
  return found == containers_.end() ? nullptr : &found->second;
}

std::vector<AttemptId> FakeEngine::running() const {
  std::vector<AttemptId> ids;
  for (const auto& [id, container] : containers_)
    if (container.state == State::Running) ids.push_back(id);
  return ids;
}

Observation FakeEngine::seen(const AttemptId& attempt) const {
  using Phase = Observation::Phase;
  Observation observation;
  observation.attempt = attempt;
  if (auto refused = refused_.find(attempt); refused != refused_.end()) {
    observation.phase = Phase::Refused;
    observation.reason = refused->second;
    observation.message = "refused";
    return observation;
  }
  const Container* container = find(attempt);
  if (!container) {
    observation.phase = leaving_.contains(attempt) ? Phase::Gone : Phase::Missing;
    if (cut_.contains(attempt)) observation.reason = Reason::Interrupted;
    return observation;
  }
  constexpr Phase kPhases[] = {Phase::Preparing, Phase::Created, Phase::Running, Phase::Exited};
  observation.phase = is_held(*container) ? Phase::Preparing : kPhases[static_cast<size_t>(container->state)];
  observation.reason = container->reason;
  observation.message = container->state == State::Pulling ? "pulls trainer:1" : "";
  observation.exit_code = container->exit_code;
  if (container->state == State::Exited) observation.warnings = warnings;
  observation.signal = container->signal;
  observation.container = "box-" + attempt.text;
  observation.devices = devices;
  observation.image_digest = "sha256:1";
  observation.started_at = container->started_at;
  observation.finished_at = container->finished_at;
  return observation;
}

void FakeEngine::expect_committed(const std::string& what) {
  journal_.step();
  if (!journal_.all_is_committed()) violations.push_back(what + " is done with events that are not on disk");
}

void FakeEngine::expect_alone(const AttemptId& attempt) {
  const std::string repetition = attempt.text.substr(0, attempt.text.rfind('a'));
  for (auto other = containers_.lower_bound({repetition});
       other != containers_.end() && other->first.text.starts_with(repetition); ++other)
    if (other->first != attempt && (other->second.state == State::Running || other->second.starts))
      violations.push_back(attempt.text + " runs beside " + other->first.text);
}

void FakeEngine::refuse(const AttemptId& attempt, Reason reason) {
  refused_[attempt] = reason;
  due_.insert(attempt);
}

bool FakeEngine::is_held(const Container& container) const {
  return holds_starts && container.starts;
}

void FakeEngine::end(Container& container, int code, int signal, Reason reason) {
  container.state = State::Exited;
  container.starts = container.stops = false;
  container.exit_code = code;
  container.signal = signal;
  container.reason = reason;
  container.finished_at = clock_.now();
}

}  // namespace studyctl
