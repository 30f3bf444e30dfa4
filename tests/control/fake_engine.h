#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/fakes.h"
#include "engine/engine.h"

namespace studyctl {

// A machine with containers, and the engine through which one controller at a time sees it. What was asked of
// the machine happens when the test says so; what is to be seen is told when the test says so. The containers
// outlive the controller.
class FakeEngine final : public Engine {
 public:
  struct Container {
    enum class State : uint8_t { Pulling, Created, Running, Exited };
    State state = State::Pulling;
    int start_calls = 0;
    bool starts = false, stops = false, leaves = false;  // asked for, on its way
    Duration grace{0};
    std::optional<Duration> run_timeout;  // as it was made with
    int exit_code = 0;
    int signal = 0;
    Reason reason = Reason::Completed;
    Steady running_since{};
    std::optional<Instant> started_at, finished_at;
  };

  FakeEngine(const Clock& clock, const MemoryJournal& journal) : clock_(clock), journal_(journal) {}
  void attach(ObservationSink sink) { sink_ = std::move(sink); }

  // ---- what a controller asks ----
  void inspect(std::function<void(Result<Inventory>)> done) override;
  void prepare_image(const std::string& image, PullPolicy policy,
                     std::function<void(Result<std::string>)> done) override;
  void create(const AttemptSpec& spec) override;
  void start(const AttemptId& attempt) override;
  void stop(const AttemptId& attempt, Duration grace) override;
  void forget(const AttemptId& attempt) override;
  void resync(std::vector<Expected> expected, std::function<void(Result<void>)> done) override;
  std::optional<Horizon> horizon() const override { return ends; }
  std::string trouble() const override { return takes_nothing; }
  std::string command_line(const AttemptSpec& spec) const override { return "run " + spec.id.text; }

  // ---- what happens on the machine ----
  std::optional<Horizon> ends{};  // somebody else ends what runs here
  std::string takes_nothing{};    // why, while it does
  // What is on its way for one container, or for all of them, happens.
  void happen(const AttemptId& attempt);
  void happen();
  std::vector<AttemptId> on_their_way() const;
  void exit(const AttemptId& attempt, int code, Reason reason = Reason::Completed);
  // Somebody removes the container; the engine sees it.
  void lose(const AttemptId& attempt);
  // The engine goes down and comes up again: what ran has ended, and a start that was under way is cut off.
  void restart();
  // The controller is gone: what it had not been told is never told, what is pulled for it ends, what it
  // waited to kill or to remove stays. A start that is on its way arrives all the same.
  void controller_dies();

  // ---- what is told ----
  // Tells what is seen of `attempt` now; it stays due, as if it came twice.
  void tell(const AttemptId& attempt);
  // The answer to resync().
  void answer();
  // Tells all that is due; that answer comes first.
  void tell();
  // It is no longer due: it was told, or never is, unless look_around() finds it.
  void swallow(const AttemptId& attempt) { due_.erase(attempt); }
  // The list that an engine makes from time to time: everything is due again.
  void look_around();
  const std::set<AttemptId>& due() const { return due_; }
  bool owes_an_answer() const { return resync_ != nullptr; }

  // ---- knobs and records ----
  std::function<std::optional<Reason>(const AttemptId&)> refuse_create, refuse_start;
  int failing_resyncs = 0;
  bool holds_starts = false;          // what is to start waits in a queue, which outlives the controller
  std::vector<std::string> warnings;  // of every end
  std::vector<std::string> devices;   // that every attempt gets

  const std::map<AttemptId, Container>& containers() const { return containers_; }
  const Container* find(const AttemptId& attempt) const;
  std::vector<AttemptId> running() const;
  std::vector<AttemptId> created, started, stopped, forgotten;  // calls, in order
  std::vector<std::string> violations;

 private:
  Observation seen(const AttemptId& attempt) const;
  void expect_committed(const std::string& what);
  void expect_alone(const AttemptId& attempt);
  void refuse(const AttemptId& attempt, Reason reason);
  bool is_held(const Container& container) const;
  void end(Container& container, int code, int signal, Reason reason);

  const Clock& clock_;
  const MemoryJournal& journal_;
  ObservationSink sink_;
  std::map<AttemptId, Container> containers_;
  // Of the controller that is on:
  std::set<AttemptId> watched_, leaving_, due_, cut_;
  std::map<AttemptId, Reason> refused_;
  std::function<void()> resync_;
};

}  // namespace studyctl
