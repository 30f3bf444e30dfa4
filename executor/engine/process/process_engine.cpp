#include "engine/process/process_engine.h"

#include <sys/utsname.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/machine_boot.h"
#include "base/text.h"
#include "engine/docker/endpoint.h"
#include "engine/host_capacity.h"
#include "engine/part_names.h"
#include "engine/process/namespaces.h"
#include "engine/shell_quote.h"

namespace studyctl {
namespace {

std::string host_name() {
  const std::string name = this_host();
  return name.empty() ? "localhost" : name;
}

std::string kernel() {
  utsname system{};
  return uname(&system) == 0 ? std::string(system.sysname) + " " + system.release : "Linux";
}

}  // namespace

std::string process_endpoint() {
  return "process://" + host_name();
}

Result<std::unique_ptr<ProcessEngine>> ProcessEngine::make(EventLoop& loop, ProcessEngineOptions options,
                                                           ObservationSink sink) {
  const ProcessOptions& process = options.process;
  if (auto let = try_namespaces(namespaces_of(process)); !let) return std::move(let).error();
  std::error_code error;
  std::filesystem::create_directories(options.directory, error);
  if (!error) std::filesystem::permissions(options.directory, std::filesystem::perms::owner_all, error);
  if (error) return Error{ErrorCode::Unavailable, options.directory.string() + ": " + error.message()};
  return std::unique_ptr<ProcessEngine>(new ProcessEngine(loop, std::move(options), std::move(sink)));
}

ProcessEngine::ProcessEngine(EventLoop& loop, ProcessEngineOptions options, ObservationSink sink)
    : loop_(loop),
      options_(std::move(options)),
      sink_(std::move(sink)),
      sampler_(loop),
      census_(loop, engines_of_this_machine(options_.other_sockets)),
      devices_(loop, sampler_, options_.devices,
               [this](std::function<void(Result<HeldDevices>)> done) { census_.take(std::move(done)); }) {
  link_ = std::make_unique<SupervisorLink>(
      loop_, options_.directory, options_.program,
      SupervisorLink::Callbacks{[this] { on_connected(); },
                                [this](const ProcessNews& news) { on_news(news); },
                                [this] { answer_inspections(); }});
}

ProcessEngine::~ProcessEngine() {
  for (const auto& [number, token] : later_) loop_.cancel(token);
}

void ProcessEngine::later(std::function<void()> act) {
  const uint64_t number = next_later_++;
  later_[number] = loop_.after(Duration(0), [this, number, act = std::move(act)] {
    later_.erase(number);
    act();
  });
}

// Never from within a call.
void ProcessEngine::tell(Observation observation) {
  later([this, observation = std::move(observation)]() mutable { sink_(std::move(observation)); });
}

void ProcessEngine::inspect(std::function<void(Result<Inventory>)> done) {
  inspections_.push_back(std::move(done));
  if (devices_.are_known()) return later([this] { answer_inspections(); });
  devices_.find([this](const std::vector<Device>&) { answer_inspections(); });
}

void ProcessEngine::answer_inspections() {
  const bool is_linked = link_->is_connected() || !link_->trouble().empty();
  if (!is_linked || !devices_.are_known()) return;
  Inventory inventory;
  const HostCapacity capacity = host_capacity();
  inventory.millicpu = capacity.millicpu;
  inventory.memory_bytes = capacity.memory_bytes;
  inventory.devices = count_kinds(devices_.leases().inventory());
  inventory.engine = "processes (" + kernel() + ")";
  inventory.endpoint = process_endpoint();
  inventory.kind = "process";
  for (const auto& done : std::exchange(inspections_, {})) {
    if (link_->is_connected())
      done(inventory);
    else
      done(Error{ErrorCode::Unavailable, link_->trouble()});
  }
}

void ProcessEngine::prepare_image(const std::string& image, PullPolicy /*policy*/,
                                  std::function<void(Result<std::string>)> done) {
  if (options_.process.wrapper.empty() && image != kNoImage && !std::exchange(has_warned_of_images_, true))
    log::warning("engine process uses no image: the commands of " + printable(image) +
                 " run as this machine has them; image: none says that this is meant");
  later([done = std::move(done)] { done(std::string()); });
}

ProcessAttempt& ProcessEngine::add(const AttemptSpec& spec) {
  auto& attempt = attempts_[spec.id];
  if (!attempt)
    attempt = std::make_unique<ProcessAttempt>(
        spec, ProcessAttemptParts{options_.process, [this](const ProcessOrder& order) { link_->send(order); },
                                  [this](Observation observation) { tell(std::move(observation)); },
                                  &devices_, &sampler_, &kernel_});
  return *attempt;
}

void ProcessEngine::warn_of_limits(const AttemptSpec& spec) {
  const Resources& resources = spec.main.resources;
  if (no_limits_.empty() || has_warned_of_limits_) return;
  if (!resources.memory_bytes && !resources.millicpu && !resources.pids) return;
  has_warned_of_limits_ = true;
  log::warning(
      "limits of cpu and pids are not kept here, and that of memory is of what each process may map: "
      "no control group can be made (" +
      no_limits_ + ")");
}

void ProcessEngine::create(const AttemptSpec& spec) {
  warn_of_limits(spec);
  if (!spec.devices.empty() && !devices_.are_known()) devices_.find([](const std::vector<Device>&) {});
  add(spec).create();
}

void ProcessEngine::start(const AttemptId& attempt) {
  if (const auto found = attempts_.find(attempt); found != attempts_.end()) found->second->start();
}

void ProcessEngine::stop(const AttemptId& attempt, Duration grace) {
  if (const auto found = attempts_.find(attempt); found != attempts_.end()) found->second->stop(grace);
}

void ProcessEngine::forget(const AttemptId& attempt) {
  if (!attempts_.contains(attempt)) {
    AttemptSpec unknown;
    unknown.id = attempt;
    add(unknown);
  }
  attempts_.at(attempt)->forget();
}

void ProcessEngine::resync(std::vector<Expected> expected, std::function<void(Result<void>)> done) {
  resync_ = Resync{std::move(expected), std::move(done)};
  ask_for_list();
}

void ProcessEngine::on_connected() {
  answer_inspections();
  lists_ = 0;
  ask_for_list();
}

void ProcessEngine::ask_for_list() {
  if (!link_->is_connected()) return;
  listed_.clear();
  ++lists_;
  link_->send({ProcessOrder::Kind::List});
}

void ProcessEngine::on_news(const ProcessNews& news) {
  if (news.kind == ProcessNews::Kind::Known) {
    listed_[news.process.id] = news.process;
    return;
  }
  if (news.kind == ProcessNews::Kind::Listed) {
    no_limits_ = news.message;
    if (--lists_ == 0) return on_listed();
    return listed_.clear();  // the one that was asked for last has all of them
  }
  const auto found = attempts_.find(AttemptId{attempt_of(news.process.id)});
  if (found == attempts_.end()) return;
  found->second->on_news(news);
  if (found->second->is_gone()) attempts_.erase(found);
}

void ProcessEngine::on_listed() {
  const SupervisedProcesses known = std::exchange(listed_, {});
  for (const auto& [id, attempt] : attempts_) attempt->compare(known);
  if (!resync_) return;
  const Resync resync = *std::exchange(resync_, std::nullopt);
  std::set<std::string> names;
  for (const Expected& expected : resync.expected) {
    names.insert(expected.spec.id.text);
    if (!attempts_.contains(expected.spec.id)) add(expected.spec).adopt(expected, known);
  }
  for (const auto& [name, process] : known) {
    const bool is_another = options_.is_of_another && options_.is_of_another(process.run);
    if (!is_another && !names.contains(attempt_of(name))) link_->send({ProcessOrder::Kind::Forget, name});
  }
  later([done = resync.done] { done({}); });
}

void ProcessEngine::note_end(const std::vector<std::string>& devices, Reason reason,
                             const std::string& message) {
  devices_.note_end(devices, reason, message);
}

std::vector<std::string> ProcessEngine::quarantined() const {
  return devices_.quarantined();
}

std::string ProcessEngine::command_line(const AttemptSpec& spec) const {
  // By hand there are no namespaces, so with the host's paths.
  ProcessOptions by_hand = options_.process;
  by_hand.namespaces.clear();
  const auto process = host_process(spec.main, by_hand);
  if (!process) return "# " + process.error().message;
  std::string line = "cd " + shell_quote(process->directory.string()) + " && env -i";
  for (const auto& [name, value] : process->environment)
    line += " " + shell_quote(name) + "=" +
            (spec.main.secret_variables.contains(name) ? "\"$" + name + "\"" : shell_quote(value));
  for (const std::string& word : process->words) line += " " + shell_quote(word);
  return line;
}

}  // namespace studyctl
