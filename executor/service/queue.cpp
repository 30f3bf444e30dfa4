#include "service/queue.h"

#include <algorithm>

#include "base/text.h"
#include "plan/variant.h"

namespace studyctl {
namespace {

constexpr size_t kMostNames = 3;

Room plus(Room a, const Room& b) {
  a.millicpu += b.millicpu;
  a.memory_bytes += b.memory_bytes;
  for (const auto& [kind, count] : b.devices) a.devices[kind] += count;
  return a;
}

// What is taken is never more than there was.
Room minus(Room a, const Room& b) {
  a.millicpu = std::max<int64_t>(a.millicpu - b.millicpu, 0);
  a.memory_bytes = std::max<int64_t>(a.memory_bytes - b.memory_bytes, 0);
  for (const auto& [kind, count] : b.devices) a.devices[kind] = std::max(a.devices[kind] - count, 0);
  return a;
}

bool fits(const Room& free, const Room& needs) {
  return !does_not_fit(free, needs).has_value();
}

bool has_seat(const QueuedRun& run) {
  return run.leave.may_start && run.wants;
}
bool takes_room(const QueuedRun& run) {
  return run.holds || has_seat(run);
}

std::string names_of(const std::vector<QueuedRun*>& runs, const QueuedRun& but) {
  std::vector<std::string> names;
  for (const QueuedRun* run : runs)
    if (run != &but && takes_room(*run)) names.push_back(run->study);
  const size_t more = names.size() > kMostNames ? names.size() - kMostNames : 0;
  names.resize(names.size() - more);
  return join(names, ", ") + (more > 0 ? " and " + std::to_string(more) + " more" : "");
}

// Takes the seats of those that are to make room for `run`, the least of them first; nothing where all of
// them together would not do.
void make_room(const QueuedRun& run, const std::vector<QueuedRun*>& ordered, Room coming) {
  std::vector<QueuedRun*> victims;
  for (auto candidate = ordered.rbegin(); candidate != ordered.rend() && !fits(coming, run.needs);
       ++candidate) {
    QueuedRun& other = **candidate;
    if (!has_seat(other) || other.priority >= run.priority || other.preemption == Preemption::Never) continue;
    victims.push_back(&other);
    coming = plus(std::move(coming), other.needs);
  }
  if (!fits(coming, run.needs)) return;
  for (QueuedRun* victim : victims)
    victim->leave = {false, victim->preemption == Preemption::Requeue,
                     run.study + ", whose priority is " + std::to_string(run.priority)};
}

}  // namespace

void assign_seats(const Room& machine, std::vector<QueuedRun*> runs) {
  std::stable_sort(runs.begin(), runs.end(), [](const QueuedRun* a, const QueuedRun* b) {
    return a->priority != b->priority ? a->priority > b->priority : a->since < b->since;
  });
  Room free = machine;
  Room owed;  // by those that make room, to those that wait for it
  for (QueuedRun* run : runs) {
    if (!run->wants) run->leave.may_start = false;
    if (takes_room(*run)) free = minus(std::move(free), run->needs);
  }
  for (QueuedRun* run : runs) {
    if (!run->wants || has_seat(*run)) continue;
    // What it still holds is its own, where nobody waits for it.
    const Room open = run->holds ? minus(plus(free, run->needs), owed) : free;
    if (fits(open, run->needs)) {
      run->leave = {};
      if (!run->holds) free = minus(std::move(free), run->needs);
      continue;
    }
    Room coming = open;
    for (const QueuedRun* other : runs)
      if (other != run && other->holds && !has_seat(*other)) coming = plus(std::move(coming), other->needs);
    make_room(*run, runs, minus(std::move(coming), owed));
    const bool is_victim = run->holds && !run->leave.why.empty();
    if (!is_victim) run->leave = {false, false, "its turn behind " + names_of(runs, *run)};
    owed = plus(std::move(owed), minus(run->needs, free));
    free = minus(std::move(free), run->needs);
  }
}

Room room_for(const LoadedStudy& loaded, const Room& machine) {
  const Study& study = loaded.study();
  Room most;
  const auto consider = [&](const Room& need) {
    most.millicpu = std::max(most.millicpu, need.millicpu > 0 ? need.millicpu : machine.millicpu);
    most.memory_bytes =
        std::max(most.memory_bytes, need.memory_bytes > 0 ? need.memory_bytes : machine.memory_bytes);
    for (const auto& [kind, count] : need.devices) most.devices[kind] = std::max(most.devices[kind], count);
  };
  if (study.overrides.empty())
    consider(need_of(study.pod.main.resources));
  else
    visit_shapes(study, *loaded.plan, [&](const Point&, const Variant& variant) {
      consider(need_of(variant.pod.main.resources));
    });
  // Of attempts that differ more may be on at once than of those that are the largest in everything.
  const int parallelism = study.execution.parallelism;
  const int64_t at_once =
      study.overrides.empty() ? std::max(places(machine, most, parallelism), 1) : std::max(parallelism, 1);
  Room room;
  room.millicpu = std::min(machine.millicpu, most.millicpu * at_once);
  room.memory_bytes = std::min(machine.memory_bytes, most.memory_bytes * at_once);
  for (const auto& [kind, count] : most.devices) {
    const auto there = machine.devices.find(kind);
    const int64_t all = there == machine.devices.end() ? 0 : there->second;
    room.devices[kind] = static_cast<int>(std::min(all, count * at_once));
  }
  const auto& rules = study.execution.retry.rules;
  if (std::any_of(rules.begin(), rules.end(), [](const RetryRule& rule) { return rule.memory_factor > 1; }))
    room.memory_bytes = machine.memory_bytes;
  return room;
}

class Queue::Place final : public Seat {
 public:
  Place(Queue& queue, QueuedRun run) : queue_(queue), run_(std::move(run)) {}
  ~Place() override {
    std::lock_guard lock(queue_.mutex_);
    std::erase(queue_.places_, this);
    queue_.reassign();
  }

  Leave ask(const Asks& asks) override {
    std::lock_guard lock(queue_.mutex_);
    const bool is_news = run_.wants != asks.wants || run_.holds != asks.holds;
    run_.wants = asks.wants;
    run_.holds = asks.holds;
    if (is_news) queue_.reassign();
    if (queue_.closed_.empty()) return run_.leave;
    return {false, run_.leave.give_back, queue_.closed_};
  }
  void wake_by(std::function<void()> wake) override {
    std::lock_guard lock(queue_.mutex_);
    wake_ = std::move(wake);
  }

  QueuedRun& run() { return run_; }
  void wake() const {
    if (wake_) wake_();
  }

 private:
  Queue& queue_;
  QueuedRun run_;
  std::function<void()> wake_;
};

std::unique_ptr<Seat> Queue::join(QueuedRun run) {
  auto place = std::make_unique<Place>(*this, std::move(run));
  std::lock_guard lock(mutex_);
  places_.push_back(place.get());
  return place;
}

void Queue::reassign() {
  std::vector<QueuedRun*> runs;
  std::vector<Seat::Leave> before;
  for (Place* place : places_) {
    runs.push_back(&place->run());
    before.push_back(place->run().leave);
  }
  assign_seats(machine_, runs);
  for (size_t i = 0; i < places_.size(); ++i)
    if (places_[i]->run().leave != before[i]) places_[i]->wake();
}

void Queue::close(const std::string& why) {
  std::lock_guard lock(mutex_);
  closed_ = why;
  for (const Place* place : places_) place->wake();
}

bool Queue::is_idle() const {
  std::lock_guard lock(mutex_);
  return std::none_of(places_.begin(), places_.end(), [](Place* place) { return place->run().holds; });
}

}  // namespace studyctl
