#include "engine/docker/attempt.h"

#include <algorithm>

#include "engine/devices/gpu_evidence.h"
#include "engine/docker/api_error.h"

namespace studyctl {
namespace {

// How long proof of who killed may come after the end: Podman looks at its events every 250 ms.
constexpr Duration kSettle{300};
constexpr Duration kPodmanSettles{600};
// An engine that comes back writes the ends of what it found dead within this time.
constexpr Duration kAfterRestart{std::chrono::seconds(15)};

bool is_deadly(const std::string& signal) {
  return signal == "9" || signal == "15" || signal == "SIGKILL" || signal == "SIGTERM" || signal == "KILL" ||
         signal == "TERM";
}

}  // namespace

DockerAttempt::DockerAttempt(EngineParts& parts, AttemptSpec spec, Tell tell)
    : parts_(parts), spec_(std::move(spec)), tell_(std::move(tell)), calls_(parts.api) {}

// ---- making ----

void DockerAttempt::create() {
  stage_ = Stage::Preparing;
  maker_ = std::make_unique<ContainerMaker>(parts_, spec_, ContainerMaker::kMain);
  maker_->make({[this](const std::string& message) { progress(message); },
                [this](const ContainerMaker::Made& made) { on_made(made); },
                [this](const Refusal& refusal) { refuse(refusal); }});
}

void DockerAttempt::progress(const std::string& message) {
  Observation now = observation(Observation::Phase::Preparing);
  now.message = message;
  if (!last_ || last_->message != message) tell(std::move(now));
}

// What was there already has perhaps run: then it is taken over as it stands.
void DockerAttempt::on_made(const ContainerMaker::Made& made) {
  container_ = made.id;
  is_known_ = true;
  image_id_ = made.image_id;
  devices_ = made.devices;
  warnings_.insert(warnings_.end(), made.warnings.begin(), made.warnings.end());
  if (stop_grace_) return refuse({Reason::Cancelled, "was cancelled"});
  if (made.found && made.found->state != ContainerView::State::Created) return on_started(*made.found);
  stage_ = Stage::Created;
  if (spec_.cold_start && parts_.api.endpoint().is_local()) return tell_created();
  tell(observation(Observation::Phase::Created));
}

// With where it will read from.
void DockerAttempt::tell_created() {
  calls_.ask(parts_.api.get("/containers/" + container_ + "/json"), [this](const HttpResponse& response) {
    if (stage_ != Stage::Created) return;
    Observation created = observation(Observation::Phase::Created);
    if (const auto view = parse_container(response.body)) {
      created.layers.assign(view->layers.begin(), view->layers.end());
      created.volumes.assign(view->sources.begin(), view->sources.end());
    }
    tell(std::move(created));
  });
}

void DockerAttempt::adopt(Intent intent) {
  stage_ = Stage::Preparing;
  container_ = spec_.id.text;
  starter_ = std::make_unique<ContainerStarter>(parts_, container_);
  if (intent == Intent::Started) return starter_->resolve(starter_callbacks());
  calls_.ask(parts_.api.get("/containers/" + container_ + "/json"),
             [this](const HttpResponse& response) { on_adopted(response); });
}

void DockerAttempt::on_adopted(const HttpResponse& response) {
  auto view = parse_container(response.body);
  if (classify(response) == ApiFailure::NoSuchThing || !view ||
      view->state == ContainerView::State::Leaving) {
    return miss(Reason::Lost, "the engine does not know it");
  }
  if (view->state != ContainerView::State::Created) return on_started(*view);
  on_made(ContainerMaker::Made::of(std::move(*view)));
}

// ---- starting ----

void DockerAttempt::start() {
  if (stage_ != Stage::Created) return repeat();
  if (spec_.init.empty()) return start_main();
  stage_ = Stage::Initializing;
  init_ = std::make_unique<InitRunner>(
      parts_, spec_,
      InitRunner::Callbacks{[this](const std::string& message) { progress(message); },
                            [this] {
                              if (stop_grace_) return refuse({Reason::Cancelled, "was cancelled"});
                              start_main();
                            },
                            [this](const Refusal& refusal) { refuse(refusal); }});
  init_->run();
}

void DockerAttempt::start_main() {
  stage_ = Stage::Starting;
  starter_ = std::make_unique<ContainerStarter>(parts_, container_);
  // Docker tells of a quick end by an event before an inspection would pay; Podman's pid is wanted at once.
  const bool is_trusted = !parts_.api.is_podman() && devices_.empty();
  starter_->start(is_trusted ? ContainerStarter::After::Trust : ContainerStarter::After::Look,
                  starter_callbacks());
}

ContainerStarter::Callbacks DockerAttempt::starter_callbacks() {
  return {[this](const ContainerView& view) { on_started(view); },
          [this](const Refusal& refusal) { refuse(refusal); },
          [this](const std::string& message) { miss(Reason::Interrupted, message); }};
}

void DockerAttempt::on_started(const ContainerView& view) {
  stage_ = Stage::Running;
  container_ = view.id;
  is_known_ = true;
  if (!view.image_id.empty()) image_id_ = view.image_id;
  if (auto devices = leased_devices(view); !devices.empty()) devices_ = std::move(devices);
  Observation running = observation(Observation::Phase::Running);
  running.started_at = view.started_at;
  tell(std::move(running));
  prove_devices(view);
  watch(view);
  if (stop_grace_) stop(*stop_grace_);
}

// An engine that ignored the request, as Podman's compatible API does, must not have its run believed.
void DockerAttempt::prove_devices(const ContainerView& view) {
  if (devices_.empty()) return;
  for (const std::string& name : devices_) {
    const std::string id = name.substr(name.find('=') + 1);
    const auto has = [](const std::vector<std::string>& list, const std::string& what) {
      return std::find(list.begin(), list.end(), what) != list.end();
    };
    const bool is_there = has(view.device_ids, id) || has(view.device_ids, name) ||
                          has(view.device_nodes, id) ||
                          (parts_.api.is_podman() && !view.device_nodes.empty());
    if (!is_there && lost_device_.empty()) lost_device_ = name;
  }
  if (lost_device_.empty() || view.state != ContainerView::State::Running) return;
  stopper_ = std::make_unique<Stopper>(parts_.api, container_, Duration(0));
}

void DockerAttempt::watch(const ContainerView& view) {
  logs_ = std::make_unique<LogCapture>(parts_.api, container_, spec_.directory);
  watch_ = std::make_unique<ExitWatch>(
      parts_.api, container_,
      ExitWatch::Callbacks{[this](const ContainerView& ended) { on_ended(ended); },
                           [this] { miss(Reason::Lost, "the engine no longer knows it"); },
                           [this](int pid) { parts_.sampler.begin(spec_.id, pid, devices_); }});
  watch_->begin(view);
  if (view.state != ContainerView::State::Running) return;
  calls_.after(parts_.options.follow_after, [this] {
    if (stage_ == Stage::Running) logs_->follow();
  });
}

// ---- ending ----

void DockerAttempt::stop(Duration grace) {
  const bool is_first = !stop_grace_;
  stop_grace_ = grace;
  const auto cancelled = [this] { refuse({Reason::Cancelled, "was cancelled"}); };
  switch (stage_) {
    case Stage::Preparing:
      if (maker_ && is_first) maker_->cancel(cancelled);
      return;
    case Stage::Created: return cancelled();
    case Stage::Initializing: return init_->stop(grace);
    case Stage::Starting:
      if (is_first) starter_->cancel(cancelled);
      return;
    case Stage::Running:
      evidence_.killed_by_us = true;
      stopper_ = std::make_unique<Stopper>(parts_.api, container_, grace);
      return;
    default: return;
  }
}

void DockerAttempt::on_event(const EngineEvent& event) {
  if (init_) init_->on_event(event);
  if (event.container != container_) return;
  if (event.action == "oom") evidence_.oom_event = true;
  if (event.action == "kill" && !stop_grace_ && lost_device_.empty()) {
    evidence_.killed_by_other |= is_deadly(event.signal);
    evidence_.signalled_by_other |= event.signal.empty();
  }
  if (event.action == "die") look();
}

void DockerAttempt::look() {
  if (stage_ == Stage::Running && watch_) watch_->hint();
  if (stage_ == Stage::Initializing && init_) init_->hint();
}

void DockerAttempt::on_ended(const ContainerView& view) {
  if (view.state == ContainerView::State::Created) {
    return miss(Reason::Interrupted, "the container engine has forgotten that it ran");
  }
  stage_ = Stage::Collecting;
  end_ = view;
  stopper_.reset();
  watch_.reset();
  conditions_ = parts_.sampler.end(spec_.id);
  note_gpus(view);
  evidence_.kernel_killed = conditions_.oom_kills > 0 || parts_.kernel.killed_in(view.id);
  note_engine_restart(view);
  if (!is_unexplained(view, evidence_)) return collect(view);
  calls_.after(parts_.api.is_podman() ? kPodmanSettles : kSettle, [this] { settle(); });
}

void DockerAttempt::note_gpus(const ContainerView& view) {
  const Instant since = view.started_at.value_or(parts_.api.loop().clock().now());
  GpuEvidence seen = gpu_evidence(devices_, conditions_, since, parts_.sampler, parts_.kernel);
  evidence_.gpu = std::move(seen.fault);
  warnings_.insert(warnings_.end(), seen.warnings.begin(), seen.warnings.end());
}

void DockerAttempt::note_engine_restart(const ContainerView& view) {
  const auto since = parts_.engine_since();
  evidence_.log_was_cut = since && view.started_at && *since > *view.started_at;
  evidence_.engine_restarted =
      evidence_.log_was_cut && (!view.finished_at || *view.finished_at <= *since + kAfterRestart);
}

// The engine's own mark, and the kernel's record, may come a little later than the end.
void DockerAttempt::settle() {
  calls_.ask(parts_.api.get("/containers/" + container_ + "/json"), [this](const HttpResponse& response) {
    if (auto view = parse_container(response.body); view && view->state == ContainerView::State::Exited)
      end_ = *view;
    evidence_.kernel_killed = conditions_.oom_kills > 0 || parts_.kernel.killed_in(end_->id);
    note_engine_restart(*end_);
    collect(*end_);
  });
}

void DockerAttempt::collect(const ContainerView& view) {
  end_ = view;
  logs_->finish([this](const Result<void>& logs) { on_collected(logs); });
}

void DockerAttempt::on_collected(const Result<void>& logs) {
  Observation end = exited_observation(spec_.id, *end_, evidence_);
  end.devices = devices_;
  end.conditions = conditions_;
  if (!lost_device_.empty()) {
    end.reason = Reason::GpuLost;
    end.message = "device " + lost_device_ + " was not in the container";
  }
  end.warnings.insert(end.warnings.end(), warnings_.begin(), warnings_.end());
  if (!logs) end.warnings.push_back(logs.error().message);
  logs_.reset();
  stage_ = Stage::Ended;
  tell(std::move(end));
}

void DockerAttempt::refuse(const Refusal& refusal) {
  end_without(Observation::Phase::Refused, refusal);
}

void DockerAttempt::miss(Reason reason, const std::string& message) {
  end_without(Observation::Phase::Missing, {reason, message});
}

void DockerAttempt::end_without(Observation::Phase phase, const Refusal& why) {
  stage_ = Stage::Ended;
  Observation end = observation(phase);
  end.reason = why.reason;
  end.message = why.message;
  drop_work();
  tell(std::move(end));
}

// ---- leaving ----

void DockerAttempt::forget() {
  if (stage_ == Stage::Leaving) return;
  const bool is_making = stage_ == Stage::Preparing && maker_;
  stage_ = Stage::Leaving;
  if (is_making) return maker_->cancel([this] { leave(); });
  leave();
}

void DockerAttempt::drop_work() {
  parts_.sampler.end(spec_.id);
  calls_.drop_all();
  maker_.reset();
  init_.reset();
  starter_.reset();
  watch_.reset();
  stopper_.reset();
  logs_.reset();
}

void DockerAttempt::leave() {
  drop_work();
  Doomed doomed;
  if (is_known_) {
    doomed.ids.push_back(container_);
  } else {
    doomed.names.push_back(spec_.id.text);
  }
  for (int i = 0; i < static_cast<int>(spec_.init.size()); ++i) {
    doomed.names.push_back(container_name(spec_.id, i));
  }
  remover_ = std::make_unique<Remover>(parts_.api, parts_.volume, std::move(doomed),
                                       [this](const std::string& failure) {
                                         parts_.leases.poke();
                                         Observation gone = observation(Observation::Phase::Gone);
                                         gone.message = failure;
                                         tell(std::move(gone));
                                       });
}

// ---- telling ----

Observation DockerAttempt::observation(Observation::Phase phase) const {
  Observation result;
  result.attempt = spec_.id;
  result.phase = phase;
  result.container = container_;
  result.image_digest = image_id_;
  result.devices = devices_;
  return result;
}

void DockerAttempt::tell(Observation observation) {
  last_ = observation;
  tell_(std::move(observation));
}

void DockerAttempt::repeat() {
  if (last_) tell_(*last_);
}

}  // namespace studyctl
