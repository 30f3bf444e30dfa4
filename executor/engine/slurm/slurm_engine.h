#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/engine.h"
#include "engine/slurm/attempt_home.h"
#include "engine/slurm/canceller.h"
#include "engine/slurm/commands.h"
#include "engine/slurm/ending.h"
#include "engine/slurm/home_watch.h"
#include "engine/slurm/submitter.h"

namespace studyctl {

struct SlurmSettings {
  SlurmOptions options;
  std::string volume;          // the UUID
  std::string fixed_endpoint;  // where the run began, "slurm://cluster"; any when empty
  Duration longest{0};         // attempt of the study, with its grace; 0: not known
  // Whether another controller of this process drives a run; may be empty.
  std::function<bool(const std::string& run)> is_of_another{};
  Duration look_every{500};                      // at what tasks note in their homes, where nobody tells
  Duration ask_every{std::chrono::seconds(30)};  // squeue, for all attempts by one
  Duration notes_come_within{
      std::chrono::seconds(5)};  // after Slurm says that a task has ended; a minute on NFS
};

// Runs attempts as tasks of Slurm's job arrays (20.11 and newer), on nodes that see the results volume, as
// the user who calls it. What tasks note in their attempts' homes is the truth; Slurm is asked for what
// waits, and for what ended without a note. Control thread only. Destroying it leaves the jobs as they are.
class SlurmEngine final : public Engine {
 public:
  SlurmEngine(EventLoop& loop, SlurmSettings settings, ObservationSink sink);
  ~SlurmEngine() override;

  void inspect(std::function<void(Result<Inventory>)> done) override;
  void prepare_image(const std::string& image, PullPolicy policy,
                     std::function<void(Result<std::string>)> done) override;
  void create(const AttemptSpec& spec) override;
  void start(const AttemptId& attempt) override;
  void stop(const AttemptId& attempt, Duration grace) override;
  void forget(const AttemptId& attempt) override;
  void resync(std::vector<Expected> expected, std::function<void(Result<void>)> done) override;
  std::string command_line(const AttemptSpec& spec) const override;

 private:
  enum class Stage : uint8_t { Created, Submitting, Queued, Running, Ended };
  struct Attempt {
    AttemptSpec spec;
    AttemptHome home;
    Stage stage = Stage::Created;
    std::optional<TaskId> task{};
    std::optional<Duration> stop_grace{};  // we have told it to end
    bool is_leaving = false;               // forget() waits for its end
    bool has_vanished = false;             // Slurm says that it has ended, and it left no note
    QueuedTask last_seen{};
    Observation told{};
  };
  using Queue = std::vector<QueuedTask>;

  Attempt* find(const AttemptId& attempt);
  Attempt& add(const AttemptSpec& spec, Stage stage);
  void tell(Attempt& attempt, Observation observation);
  void tell_phase(Attempt& attempt, Observation::Phase phase, const std::string& message = {});
  void tell_missing(const AttemptId& attempt);
  void deliver();
  void progress(const AttemptId& attempt, const std::string& message);

  void on_site(const Result<std::string>& config);
  void on_nodes(const Result<std::string>& nodes);
  void answer_inspections(const Result<Inventory>& answer);
  void on_trial(const Inventory& inventory, const Result<std::string>& answer);
  bool is_wanted(const SlurmNode& node) const;
  Result<void> check_time(const std::vector<SlurmNode>& nodes) const;
  Result<Inventory> inventory_of(const std::vector<SlurmNode>& nodes) const;

  void on_submitted(const AttemptId& id, const TaskId& task);
  void refuse(Attempt& attempt, Reason reason, const std::string& message);
  void end_as(Attempt& attempt, Observation end);
  void press(const AttemptId& id, Canceller::How how);
  void leave(Attempt& attempt);

  void watch(const Attempt& attempt);
  void look_at_all();
  void look(Attempt& attempt);
  void ask();
  void on_queue(const std::vector<AttemptId>& asked, const Queue& queue);
  bool note_task(Attempt& attempt, const std::optional<std::map<std::string, std::string>>& notes);
  void on_vanished(Attempt& attempt);
  void ask_accounting(const AttemptId& id);
  void conclude(const AttemptId& id);
  SlurmEnd end_of(const Attempt& attempt) const;

  void on_resync(const std::vector<Expected>& expected, const Queue& queue);
  void adopt(const Expected& expected, const std::map<AttemptHome::Place, TaskId>& queued);
  void adopt_started(const Expected& expected, std::optional<TaskId> task);
  void remove_strangers(const Queue& queue);
  std::vector<std::string> queue_words() const;

  SlurmSettings settings_;
  ObservationSink sink_;
  SlurmSite site_;
  std::unordered_map<AttemptId, Attempt> attempts_;
  std::vector<Observation> told_;
  std::vector<std::function<void(Result<Inventory>)>> inspections_;
  std::set<std::string> unused_images_;
  SlurmCommands commands_;
  HomeWatch watch_;
  unsigned looks_ = 0;
  Submitter submitter_;
  Canceller canceller_;
};

}  // namespace studyctl
