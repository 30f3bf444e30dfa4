#include "engine/allocation/allocation_engine.h"

#include <sched.h>

#include <algorithm>
#include <set>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"

namespace studyctl {
namespace {

using Phase = Observation::Phase;

constexpr Duration kAskEvery = std::chrono::seconds(30);
constexpr Duration kLookForGpus{1000};
constexpr ProgramLimits kLimits{std::chrono::seconds(60), 1u << 20};
constexpr char kHolderFile[] = "allocation";

std::vector<int> cpus_of_this_process() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cpus;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  return cpus;
}

std::string holder_text(const Allocation& allocation) {
  const bool is_slurm = allocation.scheduler == Allocation::Scheduler::Slurm;
  return std::string(is_slurm ? "slurm" : "flux") + "\n" + allocation.id + "\n" + allocation.node;
}

std::optional<Allocation> parse_holder(const Result<std::string>& text) {
  const std::vector<std::string> parts = text ? split(*text, '\n') : std::vector<std::string>();
  if (parts.size() != 3) return std::nullopt;
  Allocation holder;
  if (parts[0] == "flux") holder.scheduler = Allocation::Scheduler::Flux;
  holder.id = parts[1];
  holder.node = parts[2];
  return holder;
}

const char* gpu_variable(const std::string& kind) {
  return kind == "amd.com/gpu" ? "ROCR_VISIBLE_DEVICES" : "CUDA_VISIBLE_DEVICES";
}

bool has_variable(const ContainerSpec& container, const std::string& name) {
  return std::any_of(container.environment.begin(), container.environment.end(),
                     [&](const auto& variable) { return variable.first == name; });
}

std::string run_of(const AttemptSpec& spec) {
  const auto found = spec.labels.find("studyctl.io/run");
  return found == spec.labels.end() ? std::string() : found->second;
}

size_t count_of(const std::vector<DeviceRequest>& requests) {
  size_t count = 0;
  for (const DeviceRequest& request : requests) count += static_cast<size_t>(request.count);
  return count;
}

}  // namespace

AllocationEngine::AllocationEngine(EventLoop& loop, AllocationSettings settings, ObservationSink sink)
    : loop_(loop),
      settings_(std::move(settings)),
      sink_(std::move(sink)),
      timers_(loop),
      devices_(settings_.directory / "gpus", settings_.allocation.gpus),
      cpus_(cpus_of_this_process()) {}

AllocationEngine::~AllocationEngine() = default;

// ---- whether it is ours, and until when ----

void AllocationEngine::ask(const Allocation& allocation, Answer answer) {
  const uint64_t number = next_question_++;
  auto ended = [this, number, answer = std::move(answer)](Result<ProgramOutput> output) {
    const auto task = std::move(asking_.extract(number).mapped());
    if (!output) return answer(std::move(output).error());
    if (output->end.is_success()) return answer(output->out);
    const bool is_over = output->err.find("Invalid job id") != std::string::npos;
    if (is_over) return answer(std::string());  // Slurm has forgotten it
    answer(Error{ErrorCode::Unavailable, printable(to_utf8(trim(output->err)))});
  };
  asking_[number] = std::make_unique<ProgramTask>(loop_, Program{time_left_words(allocation), {}, {}},
                                                  kLimits, std::move(ended));
}

void AllocationEngine::inspect(std::function<void(Result<Inventory>)> done) {
  inspections_.push_back(std::move(done));
  if (inspections_.size() == 1) timers_.after(Duration(0), [this] { look_for_holder(); });
}

void AllocationEngine::answer_inspections(const Result<Inventory>& answer) {
  for (const auto& done : std::exchange(inspections_, {})) done(answer);
}

// What another allocation began on this volume may run on its node, where nobody sees it from here.
void AllocationEngine::look_for_holder() {
  const auto holder = parse_holder(read_file(settings_.directory / kHolderFile, 4096));
  if (!holder || holder_text(*holder) == holder_text(settings_.allocation)) return hold();
  if (holder->scheduler != settings_.allocation.scheduler || holder->scheduler == Allocation::Scheduler::Flux)
    return hold();  // one instance cannot ask of another's jobs: the supervisor's lock decides
  ask(*holder, [this, holder = *holder](const Result<std::string>& answer) { on_holder(holder, answer); });
}

void AllocationEngine::on_holder(const Allocation& holder, const Result<std::string>& answer) {
  if (!answer)
    return answer_inspections(Error{ErrorCode::Unavailable, "whether " + holder.name() +
                                                                " has ended, which ran this volume's "
                                                                "experiments, is not known: " +
                                                                answer.error().message});
  if (!parse_time_left(holder, *answer)) return hold();
  answer_inspections(Error{ErrorCode::Conflict, holder.name() + " on " + holder.node +
                                                    " runs experiments of this results volume, and has not "
                                                    "ended: go on there, or end it by scancel " +
                                                    holder.id});
}

void AllocationEngine::hold() {
  std::error_code error;
  std::filesystem::create_directories(settings_.directory, error);
  const std::filesystem::path file = settings_.directory / kHolderFile;
  if (auto noted = write_file_atomically(file, holder_text(settings_.allocation)); !noted)
    return answer_inspections(noted.error());
  if (!processes_) {
    auto made = settings_.processes([this](Observation seen) { see(std::move(seen)); });
    if (!made) return answer_inspections(made.error());
    processes_ = *std::move(made);
  }
  ask(settings_.allocation, [this](const Result<std::string>& answer) {
    if (!answer)
      return answer_inspections(Error{
          ErrorCode::Unavailable,
          "how long " + settings_.allocation.name() + " lasts is not known: " + answer.error().message});
    on_time_left(answer);
    watch_time();
    processes_->inspect([this](Result<Inventory> found) {
      answer_inspections(found ? Result<Inventory>(inventory_of(*std::move(found))) : found.error());
    });
  });
}

// What cannot be asked leaves the end as it was known.
void AllocationEngine::on_time_left(const Result<std::string>& answer) {
  if (!answer) return log::info("the allocation's time: " + answer.error().message);
  const auto left = parse_time_left(settings_.allocation, *answer);
  const std::string name = settings_.allocation.name();
  horizon_.reset();
  if (!left) horizon_ = Horizon{loop_.clock().steady(), name};
  if (left && *left) horizon_ = Horizon{loop_.clock().steady() + **left, name};
}

void AllocationEngine::watch_time() {
  timers_.after(kAskEvery, [this] {
    ask(settings_.allocation, [this](const Result<std::string>& answer) {
      on_time_left(answer);
      watch_time();
    });
  });
}

Inventory AllocationEngine::inventory_of(Inventory inventory) const {
  const Allocation& allocation = settings_.allocation;
  inventory.millicpu = allocation.room.millicpu;
  inventory.memory_bytes = allocation.room.memory_bytes;
  if (!allocation.gpus.empty())
    inventory.devices[allocation.gpu_kind] = static_cast<int>(allocation.gpus.size());
  const bool is_slurm = allocation.scheduler == Allocation::Scheduler::Slurm;
  inventory.engine = std::string(is_slurm ? "Slurm" : "Flux") + " allocation, " + inventory.engine;
  inventory.endpoint = allocation.endpoint();
  inventory.kind = settings_.kind;
  if (allocation.nodes > 1)
    log::warning(allocation.name() + " has " + std::to_string(allocation.nodes) +
                 " nodes, and one of them is used" + (allocation.node.empty() ? "" : ": " + allocation.node) +
                 "; ask for one, or leave the allocation and let engine slurm submit job arrays");
  return inventory;
}

// ---- what the controller asks ----

void AllocationEngine::prepare_image(const std::string& image, PullPolicy policy,
                                     std::function<void(Result<std::string>)> done) {
  processes_->prepare_image(image, policy, std::move(done));
}

// Its GPUs, and its share of the cores; false while it waits for GPUs.
bool AllocationEngine::equip(AttemptSpec& spec) {
  for (int& cpu : spec.cpus)
    if (static_cast<size_t>(cpu) < cpus_.size()) cpu = cpus_[static_cast<size_t>(cpu)];
  if (settings_.allocation.gpus.empty()) return true;
  const char* variable = gpu_variable(settings_.allocation.gpu_kind);
  const size_t count = count_of(spec.devices);
  std::vector<std::string> leased;
  if (count > 0) {
    const auto found = devices_.lease(spec.id.text, run_of(spec), count);
    if (!found) log::warning(found.error().message);
    if (!found || !*found) return false;
    leased = **found;
  }
  if (count > 0) std::erase_if(spec.main.environment, [&](const auto& one) { return one.first == variable; });
  if (!has_variable(spec.main, variable)) spec.main.environment.emplace_back(variable, join(leased, ","));
  return true;
}

void AllocationEngine::create(const AttemptSpec& spec) {
  AttemptSpec equipped = spec;
  if (equip(equipped)) return processes_->create(equipped);
  waiting_.emplace(spec.id, spec);
  if (waiting_.size() == 1) timers_.after(kLookForGpus, [this] { serve_waiting(); });
  Observation waits;
  waits.attempt = spec.id;
  waits.phase = Phase::Preparing;
  waits.message = "waits for a GPU of the allocation";
  waits.is_queued = true;
  tell(std::move(waits));
}

void AllocationEngine::serve_waiting() {
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    AttemptSpec equipped = next->second;
    if (!equip(equipped)) {
      ++next;
      continue;
    }
    next = waiting_.erase(next);
    processes_->create(equipped);
  }
  if (!waiting_.empty()) timers_.after(kLookForGpus, [this] { serve_waiting(); });
}

void AllocationEngine::start(const AttemptId& attempt) {
  processes_->start(attempt);
}

void AllocationEngine::stop(const AttemptId& attempt, Duration grace) {
  if (waiting_.erase(attempt) == 0) return processes_->stop(attempt, grace);
  Observation refused;
  refused.attempt = attempt;
  refused.phase = Phase::Refused;
  refused.reason = Reason::Cancelled;
  refused.message = "cancelled before it started";
  tell(std::move(refused));
}

void AllocationEngine::forget(const AttemptId& attempt) {
  waiting_.erase(attempt);
  processes_->forget(attempt);
}

void AllocationEngine::resync(std::vector<Expected> expected, std::function<void(Result<void>)> done) {
  std::set<std::string> known;
  for (const Expected& one : expected) known.insert(one.spec.id.text);
  devices_.release_others([&](const std::string& attempt, const std::string& run) {
    return known.contains(attempt) || (settings_.is_of_another && settings_.is_of_another(run));
  });
  processes_->resync(std::move(expected), std::move(done));
}

std::string AllocationEngine::command_line(const AttemptSpec& spec) const {
  return processes_->command_line(spec);
}

// ---- what becomes of it ----

void AllocationEngine::tell(Observation observation) {
  timers_.after(Duration(0),
                [this, observation = std::move(observation)]() mutable { sink_(std::move(observation)); });
}

void AllocationEngine::see(Observation observation) {
  if (!settings_.allocation.gpus.empty()) {
    for (const std::string& gpu : devices_.held_by(observation.attempt.text))
      observation.devices.push_back(settings_.allocation.gpu_kind + "=" + gpu);
    if (observation.phase == Phase::Gone) devices_.release(observation.attempt.text);
  }
  sink_(std::move(observation));
}

}  // namespace studyctl
