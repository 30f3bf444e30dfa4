#include "engine/allocation/allocation_engine.h"

#include <sched.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"

namespace studyctl {
namespace {

constexpr Duration kAskEvery = std::chrono::seconds(30);
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

}  // namespace

AllocationEngine::AllocationEngine(EventLoop& loop, AllocationSettings settings, ObservationSink sink)
    : loop_(loop),
      settings_(std::move(settings)),
      sink_(std::move(sink)),
      timers_(loop),
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
    auto made = settings_.processes(sink_);
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

// On its share of the cores.
void AllocationEngine::create(const AttemptSpec& spec) {
  AttemptSpec placed = spec;
  for (int& cpu : placed.cpus)
    if (static_cast<size_t>(cpu) < cpus_.size()) cpu = cpus_[static_cast<size_t>(cpu)];
  processes_->create(placed);
}

void AllocationEngine::start(const AttemptId& attempt) {
  processes_->start(attempt);
}

void AllocationEngine::stop(const AttemptId& attempt, Duration grace) {
  processes_->stop(attempt, grace);
}

void AllocationEngine::forget(const AttemptId& attempt) {
  processes_->forget(attempt);
}

void AllocationEngine::resync(std::vector<Expected> expected, std::function<void(Result<void>)> done) {
  processes_->resync(std::move(expected), std::move(done));
}

std::string AllocationEngine::command_line(const AttemptSpec& spec) const {
  return processes_->command_line(spec);
}

void AllocationEngine::note_end(const std::vector<std::string>& devices, Reason reason,
                                const std::string& message) {
  processes_->note_end(devices, reason, message);
}

std::vector<std::string> AllocationEngine::quarantined() const {
  return processes_ ? processes_->quarantined() : std::vector<std::string>();
}

}  // namespace studyctl
