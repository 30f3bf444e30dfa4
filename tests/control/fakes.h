#pragma once

#include <cstdio>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "control/committed_events.h"
#include "control/workspace.h"
#include "store/journal.h"

// The clock, the disk and the files of a controller under test. What is on disk survives a controller; what
// it was about to do does not.
namespace studyctl {

// Both hands are turned by the test: wall time alone may jump.
class FakeClock final : public Clock {
 public:
  Instant now() const override { return wall_; }
  Steady steady() const override { return steady_; }
  void advance(Duration time) {
    wall_ += time;
    steady_ += time;
  }
  void jump(Duration time) { wall_ += time; }

 private:
  Instant wall_{std::chrono::hours(490000)};
  Steady steady_{std::chrono::hours(1000)};
};

// An attempt's name in tests: "e0-c1-a1".
inline AttemptId id_of(const AttemptKey& key) {
  return {"e" + std::to_string(key.repetition.index) + "-c" + std::to_string(key.repetition.cycle) + "-a" +
          std::to_string(key.attempt)};
}
inline AttemptKey key_of(const AttemptId& id) {
  AttemptKey key;
  unsigned long long index = 0;
  unsigned cycle = 0, attempt = 0;
  if (std::sscanf(id.text.c_str(), "e%llu-c%u-a%u", &index, &cycle, &attempt) != 3) std::abort();
  key.repetition.index = index;
  key.repetition.cycle = cycle;
  key.attempt = attempt;
  return key;
}

// An attempt as the world knows it, whatever plan its run is of: in tests an experiment keeps its place in
// every plan that has it.
inline RepetitionKey plain(RepetitionKey key) {
  key.generation = 1;
  return key;
}
inline AttemptKey plain(AttemptKey key) {
  key.repetition.generation = 1;
  return key;
}

struct Crash {};

// Where a process may die: between any two things that it does to the world.
class Trap {
 public:
  // The `steps`th step from now is the last.
  void arm(uint64_t steps) { left_ = steps; }
  void disarm() { left_ = 0; }
  void step() {
    if (left_ > 0 && --left_ == 0) throw Crash{};
  }

 private:
  uint64_t left_ = 0;
};

class MemoryJournal final : public Journal {
 public:
  enum class Disk : uint8_t { Fine, Full, Broken };

  void append(const Event& event) override { batch_.push_back(event); }
  Result<void> commit() override {
    step();
    full_ = disk_ == Disk::Full;
    if (disk_ != Disk::Fine)
      return Error{ErrorCode::Unavailable, full_ ? "no space left on device" : "input/output error"};
    for (Event& event : std::exchange(batch_, {})) {
      event.steady = {};
      if (const auto* fact = std::get_if<AttemptIntended>(&event.fact)) intended_.insert(plain(fact->key));
      if (const auto* fact = std::get_if<AttemptStarting>(&event.fact)) starting_.insert(plain(fact->key));
      if (const auto* fact = std::get_if<AttemptEnded>(&event.fact)) ended_[plain(fact->key)] = *fact;
      events_.push_back(std::move(event));
    }
    step();
    return {};
  }
  bool disk_full() const override { return full_; }
  Result<void> replay(const std::function<void(const Event&)>& visit) override {
    for (const Event& event : events_) visit(event);
    return {};
  }

  void set_disk(Disk disk) { disk_ = disk; }
  Disk disk() const { return disk_; }
  void set_trap(Trap& trap) { trap_ = &trap; }
  // What was appended and not committed is lost.
  void crash() { batch_.clear(); }

  bool all_is_committed() const { return batch_.empty(); }
  const std::vector<Event>& events() const { return events_; }
  const std::set<AttemptKey>& intended() const { return intended_; }
  const std::set<AttemptKey>& starting() const { return starting_; }
  const std::map<AttemptKey, AttemptEnded>& ended() const { return ended_; }
  // The committed facts of one kind, in order.
  template <class Kind>
  std::vector<Kind> all() const {
    std::vector<Kind> facts;
    for (const Event& event : events_)
      if (const auto* fact = std::get_if<Kind>(&event.fact)) facts.push_back(*fact);
    return facts;
  }

  void step() const {
    if (trap_) trap_->step();
  }

 private:
  Trap* trap_ = nullptr;
  Disk disk_ = Disk::Fine;
  bool full_ = false;
  std::vector<Event> batch_, events_;
  std::set<AttemptKey> intended_, starting_;
  std::map<AttemptKey, AttemptEnded> ended_;
};

// Answers when the test says so.
class FakeWorkspace final : public Workspace {
 public:
  explicit FakeWorkspace(const MemoryJournal& journal) : journal_(journal) {}

  std::optional<int64_t> memory_limit;  // of the study

  AttemptId id(const AttemptKey& key) override { return id_of(key); }
  Result<AttemptSpec> spec(const AttemptKey& key, const Placement& placement) override {
    if (!missing.empty()) return Error{ErrorCode::NotFound, missing};
    AttemptSpec spec;
    spec.id = id_of(key);
    spec.main.image = "trainer:1";
    pinned[key] = placement.cpus;
    memory[key] = placement.memory_bytes;
    spec.main.resources.memory_bytes = placement.memory_bytes > 0 ? placement.memory_bytes : memory_limit;
    return spec;
  }
  AttemptSpec outline(const AttemptKey& key) override {
    AttemptSpec spec;
    spec.id = id_of(key);
    return spec;
  }
  void prepare(const AttemptKey& key, const AttemptSpec&, std::function<void(Result<void>)> done) override {
    journal_.step();
    promise([this, key, done = std::move(done)] {
      if (full) return done(Error{ErrorCode::Unavailable, "no space left on device"});
      if (!missing_input.empty()) return done(Error{ErrorCode::NotFound, missing_input});
      if (settled.contains(plain(key))) violations.push_back(id_of(key).text + " is made once it has ended");
      prepared.insert(key);
      done({});
    });
  }
  void cool(std::vector<std::filesystem::path>, std::vector<std::filesystem::path>,
            std::function<void(std::vector<std::string>)> done) override {
    promise([done = std::move(done)] { done({"image layer 1: 2 files"}); });
  }
  void read(const AttemptKey& key, Question question, std::function<void(Findings)> done) override {
    questions[key] = question;
    promise([this, key, question, done = std::move(done)] {
      done(findings_of ? findings_of(key, question) : Findings{});
    });
  }
  void seal(AttemptRecord attempt, std::function<void(Result<void>)> done) override {
    promise([this, attempt, done = std::move(done)] {
      if (full) return done(Error{ErrorCode::Unavailable, "no space left on device"});
      sealed[plain(attempt.key)] = attempt;
      done({});
    });
  }
  Result<void> settle(const AttemptKey& key, Verdict verdict) override {
    journal_.step();
    auto ended = journal_.ended().find(plain(key));
    if (ended == journal_.ended().end() || ended->second.verdict != verdict)
      violations.push_back(id_of(key).text + " is published before its end is on disk");
    if (full) return Error{ErrorCode::Unavailable, "no space left on device"};
    settled[plain(key)] = verdict;
    return {};
  }
  void sync_settled(std::function<void(Result<void>)> done) override {
    promise([this, done = std::move(done)] {
      if (full) return done(Error{ErrorCode::Unavailable, "no space left on device"});
      done({});
    });
  }
  void look(const AttemptKey& key, std::function<void(Sign)> done) override {
    promise([this, key, done = std::move(done)] { done(sign_of ? sign_of(key) : Sign{}); });
  }

  // Answers that are ready to be given, in the order of their questions.
  size_t waiting() const { return answers_.size(); }
  void answer(size_t which = 0) {
    const std::function<void()> give = std::move(answers_.at(which));
    answers_.erase(answers_.begin() + static_cast<std::ptrdiff_t>(which));
    give();
  }
  void answer_all() {
    while (waiting() > 0) answer();
  }
  // The controller dies; so do its questions.
  void crash() { answers_.clear(); }

  std::string missing, missing_input;  // what an attempt needs and is not there
  bool full = false;
  std::function<Findings(const AttemptKey&, const Question&)> findings_of;
  std::function<Sign(const AttemptKey&)> sign_of;

  std::set<AttemptKey> prepared;
  std::map<AttemptKey, std::string> pinned;
  std::map<AttemptKey, int64_t> memory;
  std::map<AttemptKey, Question> questions;
  std::map<AttemptKey, AttemptRecord> sealed;
  std::map<AttemptKey, Verdict> settled;
  std::vector<std::string> violations;

 private:
  void promise(std::function<void()> answer) { answers_.push_back(std::move(answer)); }

  const MemoryJournal& journal_;
  std::deque<std::function<void()>> answers_;
};

// What was told to the world.
class FakePublisher final : public CommittedEvents {
 public:
  void replayed(const Event& event) override { note(event, false); }
  void committed(const std::vector<Event>& events) override {
    for (const Event& event : events) note(event, true);
  }

  uint64_t last_seq = 0;
  uint64_t live_events = 0;
  std::vector<std::string> violations;

 private:
  void note(const Event& event, bool live) {
    if (live && event.seq != last_seq + 1)
      violations.push_back("event " + std::to_string(event.seq) + " is told after " +
                           std::to_string(last_seq));
    last_seq = event.seq;
    live_events += live ? 1 : 0;
  }
};

}  // namespace studyctl
