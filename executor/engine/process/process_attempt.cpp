#include "engine/process/process_attempt.h"

#include <csignal>

#include "base/text.h"
#include "engine/devices/gpu_evidence.h"
#include "engine/labels.h"
#include "engine/process/visible_devices.h"

namespace studyctl {
namespace {

using Phase = Observation::Phase;

std::string limit_text(const ContainerSpec& container) {
  const auto& limit = container.resources.memory_bytes;
  return limit ? " (" + human_bytes(*limit) + ")" : "";
}

void explain(const SupervisedEnd& end, bool was_stopped, const ContainerSpec& container,
             Observation& observation) {
  observation.exit_code = end.exit_code;
  observation.signal = end.signal;
  if (end.exit_code == 0 && end.oom_kills > 0)
    observation.warnings.push_back("a process in it was killed at the memory limit" + limit_text(container));
  if (end.exit_code == 0) return;
  observation.reason = Reason::Error;
  const bool is_kill = end.signal == SIGKILL || end.signal == SIGTERM;
  if (was_stopped && is_kill)
    observation.message = "ended by the signal that studyctl sent";
  else if (end.oom_kills > 0)
    observation.reason = Reason::OOMKilled,
    observation.message = "killed at the memory limit" + limit_text(container);
  else if (end.exit_code == 128 + SIGKILL)
    observation.message = "killed (137), cause unknown";
  else if (end.signal != 0)
    observation.message = "ended by signal " + std::to_string(end.signal);
  else
    observation.message = "exited with code " + std::to_string(end.exit_code);
}

std::string name_in(const ContainerSpec& container, size_t index) {
  const std::string name = container.name.empty() ? "" : " (" + container.name + ")";
  return "init container " + std::to_string(index) + name;
}

}  // namespace

Observation ProcessAttempt::observation(Phase phase) const {
  Observation made;
  made.attempt = spec_.id;
  made.phase = phase;
  made.devices = devices_;
  return made;
}

std::string ProcessAttempt::current() const {
  return stage_ == Stage::Init ? name_of_init(init_) : spec_.id.text;
}

Result<ProcessStart> ProcessAttempt::start_order(const std::string& name,
                                                 const ContainerSpec& container) const {
  for (const Mount& mount : container.mounts)
    if (mount.kind == Mount::Kind::Bind && !std::filesystem::exists(mount.source))
      return Error{ErrorCode::NotFound, mount.source + ": does not exist on this machine"};
  auto process = host_process(container, parts_.options);
  if (!process) return std::move(process).error();
  ProcessStart start{name, label_of(spec_.labels, "studyctl.io/run"), *std::move(process)};
  const bool is_main = name == spec_.id.text;
  const std::string init_log = "init-" + name.substr(name.rfind("-i") + 2) + ".log";
  start.out = spec_.directory / (is_main ? "stdout.log" : init_log);
  start.err = spec_.directory / (is_main ? "stderr.log" : init_log);
  if (parts_.devices)
    show_devices(start.process, is_main && lease_ ? lease_->devices() : std::vector<Device>(),
                 parts_.devices->leases().inventory());
  if (is_main && lease_) {
    start.devices = lease_->names();
    start.lease = lease_->file();
  }
  start.cpus = spec_.cpus;
  start.user = container.security.run_as_user;
  start.group = container.security.run_as_group;
  if (start.user && !start.group) start.group = 0;
  start.may_gain_privileges = container.security.privileged || container.security.allow_privilege_escalation;
  start.limits = {container.resources.memory_bytes, container.resources.millicpu, container.resources.pids};
  return start;
}

void ProcessAttempt::create() {
  // What was missed is made anew: only who knows that it never ran asks for it.
  const bool is_missed = told_ && told_->phase == Phase::Missing;
  if (stage_ != Stage::New && !is_missed) {
    if (told_) parts_.tell(*told_);
    return;
  }
  if (auto main = start_order(spec_.id.text, spec_.main); !main)
    return refuse(Reason::CreateError, main.error().message);
  init_ = 0;
  begin_init();
}

void ProcessAttempt::begin_init() {
  if (init_ == spec_.init.size()) return want_devices();
  stage_ = Stage::Init;
  auto order = start_order(current(), spec_.init[init_]);
  if (!order) return refuse(Reason::CreateError, order.error().message);
  told_ = observation(Phase::Preparing);
  told_->message = name_in(spec_.init[init_], init_) + " runs";
  parts_.tell(*told_);
  parts_.order({ProcessOrder::Kind::Start, current(), Duration(0), *std::move(order)});
}

// For main alone: nothing else may hold them idle.
void ProcessAttempt::want_devices() {
  const bool waits_for_heat = spec_.device_rules.cooler_than.has_value();
  if (!parts_.devices || (spec_.devices.empty() && !waits_for_heat)) return on_ready();
  stage_ = Stage::Waiting;
  lease_ = std::make_unique<ProcessLease>(*parts_.devices);
  lease_->acquire(spec_, {[this](const std::string& message) {
                            if (told_ && told_->phase == Phase::Preparing && told_->message == message)
                              return;
                            told_ = observation(Phase::Preparing);
                            told_->message = message;
                            parts_.tell(*told_);
                          },
                          [this](const std::string& warning) { warnings_.push_back(warning); },
                          [this](const std::string& message) { refuse(Reason::GpuLost, message); },
                          [this] { on_ready(); }});
}

void ProcessAttempt::on_ready() {
  if (lease_) devices_ = lease_->names();
  stage_ = Stage::Created;
  parts_.tell(*(told_ = observation(Phase::Created)));
}

void ProcessAttempt::start() {
  if (stage_ != Stage::Created) return;
  auto order = start_order(spec_.id.text, spec_.main);
  if (!order) return refuse(Reason::CreateError, order.error().message);
  stage_ = Stage::Starting;
  parts_.order({ProcessOrder::Kind::Start, spec_.id.text, Duration(0), *std::move(order)});
}

void ProcessAttempt::stop(Duration grace) {
  if (stage_ == Stage::Created || stage_ == Stage::New || stage_ == Stage::Waiting)
    return refuse(Reason::Cancelled, "cancelled before it started");
  if (stage_ != Stage::Init && stage_ != Stage::Starting && stage_ != Stage::Running) return;
  stopping_ = grace;
  parts_.order({ProcessOrder::Kind::Stop, current(), grace});
}

void ProcessAttempt::forget() {
  if (stage_ == Stage::Gone) return parts_.tell(observation(Phase::Gone));
  stage_ = Stage::Forgetting;
  lease_.reset();
  if (parts_.sampler) parts_.sampler->end(spec_.id);
  forget_processes();
}

// Of main last: its answer is the attempt's.
void ProcessAttempt::forget_processes() {
  for (size_t i = 0; i < spec_.init.size(); ++i) parts_.order({ProcessOrder::Kind::Forget, name_of_init(i)});
  parts_.order({ProcessOrder::Kind::Forget, spec_.id.text});
}

void ProcessAttempt::adopt(const Engine::Expected& expected, const SupervisedProcesses& known) {
  const auto main = known.find(spec_.id.text);
  if (main != known.end()) {
    stage_ = Stage::Running;
    if (main->second.end) return on_end(main->second);
    return on_running(main->second);
  }
  miss(Reason::Lost, expected.start_intended ? "the supervisor of the processes does not know it"
                                             : "it was not started yet when its controller ended");
}

void ProcessAttempt::compare(const SupervisedProcesses& known) {
  if (stage_ == Stage::Forgetting) return forget_processes();
  if (stage_ != Stage::Init && stage_ != Stage::Starting && stage_ != Stage::Running) return;
  const auto found = known.find(current());
  if (found != known.end()) {
    const auto kind = found->second.end ? ProcessNews::Kind::Ended : ProcessNews::Kind::Running;
    on_news({kind, found->second});
    if (stopping_ && !found->second.end) parts_.order({ProcessOrder::Kind::Stop, current(), *stopping_});
  } else if (stage_ == Stage::Init) {
    begin_init();
  } else if (stage_ == Stage::Starting) {
    stage_ = Stage::Created;  // a supervisor records before it starts: this one has never been
    start();
  } else {
    miss(Reason::Lost, "the supervisor of the processes does not know it");
  }
}

void ProcessAttempt::on_news(const ProcessNews& news) {
  if (news.kind == ProcessNews::Kind::Gone) {
    if (stage_ != Stage::Forgetting || news.process.id != spec_.id.text) return;
    stage_ = Stage::Gone;
    return parts_.tell(observation(Phase::Gone));
  }
  const bool is_current = stage_ == Stage::Init || stage_ == Stage::Starting || stage_ == Stage::Running;
  if (!is_current || news.process.id != current()) return;
  if (news.kind == ProcessNews::Kind::Refused) return refuse(Reason::CreateError, news.message);
  if (stage_ == Stage::Init) {
    if (news.process.end) on_init_end(*news.process.end);
    return;
  }
  if (news.process.end) return on_end(news.process);
  if (stage_ == Stage::Starting) on_running(news.process);
}

void ProcessAttempt::on_init_end(const SupervisedEnd& end) {
  const std::string which = name_in(spec_.init[init_], init_);
  if (stopping_) return refuse(Reason::Cancelled, "cancelled while " + which + " ran");
  if (!end.is_known) return refuse(Reason::Interrupted, which + ": its supervisor was killed while it ran");
  if (end.exit_code != 0) {
    Observation made;
    explain(end, false, spec_.init[init_], made);
    const bool has_exited = made.reason == Reason::Error && end.signal == 0;
    return refuse(made.reason,
                  which + " " + (has_exited ? "exited " + std::to_string(end.exit_code) : made.message));
  }
  ++init_;
  begin_init();
}

void ProcessAttempt::on_running(const SupervisedProcess& process) {
  stage_ = Stage::Running;
  if (lease_) lease_->hand_over();
  if (!process.devices.empty()) devices_ = process.devices;
  told_ = observation(Phase::Running);
  told_->started_at = process.started_at;
  told_->container = process.pid > 0 ? "process " + std::to_string(process.pid) : "";
  parts_.tell(*told_);
  if (parts_.sampler && !process.end && process.pid > 0)
    parts_.sampler->begin(spec_.id, process.pid, devices_, Sampler::Account::Tree);
}

// What the kernel counted to its end is better than what was seen of it.
Conditions ProcessAttempt::conditions_of(const SupervisedProcess& process) {
  Conditions conditions = parts_.sampler ? parts_.sampler->end(spec_.id) : Conditions{};
  const SupervisedEnd& end = *process.end;
  conditions.oom_kills = end.oom_kills;
  conditions.cpu_seconds = end.cpu_seconds;
  conditions.memory_peak = end.memory_peak;
  const double seconds = std::chrono::duration<double>(end.at - process.started_at).count();
  if (conditions.samples > 0 && end.cpu_seconds && seconds > 0)
    conditions.own_cores = *end.cpu_seconds / seconds;
  return conditions;
}

// A program that did well in spite of it has done well.
void ProcessAttempt::note_gpus(const SupervisedProcess& process, Observation& end) {
  if (!parts_.sampler || !parts_.kernel || devices_.empty()) return;
  GpuEvidence seen =
      gpu_evidence(devices_, end.conditions, process.started_at, *parts_.sampler, *parts_.kernel);
  end.warnings.insert(end.warnings.end(), seen.warnings.begin(), seen.warnings.end());
  if (!seen.fault || stopping_ || end.reason != Reason::Error) return;
  end.reason = seen.fault->first;
  end.message = std::move(seen.fault->second);
}

// One that has ended is told to have run before.
void ProcessAttempt::on_end(const SupervisedProcess& process) {
  if (!told_ || told_->phase != Phase::Running) on_running(process);
  if (!process.end->is_known)
    return miss(Reason::Interrupted,
                "the supervisor of the processes was killed while it ran, or the machine went down");
  stage_ = Stage::Over;
  lease_.reset();
  Observation made = *told_;
  made.phase = Phase::Exited;
  made.finished_at = process.end->at;
  made.warnings = warnings_;
  made.conditions = conditions_of(process);
  explain(*process.end, stopping_.has_value(), spec_.main, made);
  note_gpus(process, made);
  parts_.tell(*(told_ = std::move(made)));
}

void ProcessAttempt::refuse(Reason reason, std::string message) {
  stage_ = Stage::Over;
  lease_.reset();
  told_ = observation(Phase::Refused);
  told_->reason = reason;
  told_->message = std::move(message);
  parts_.tell(*told_);
}

void ProcessAttempt::miss(Reason reason, std::string message) {
  stage_ = Stage::Over;
  lease_.reset();
  if (parts_.sampler) parts_.sampler->end(spec_.id);
  told_ = observation(Phase::Missing);
  told_->reason = reason;
  told_->message = std::move(message);
  parts_.tell(*told_);
}

}  // namespace studyctl
