#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/log.h"
#include "base/text.h"
#include "engine/slurm/batch_script.h"
#include "engine/slurm/slurm_engine.h"

// What the engine sees: the site, what tasks note, Slurm's queue.
namespace studyctl {
namespace {

using Phase = Observation::Phase;

constexpr Duration kNetworkIsLate = std::chrono::seconds(60);
constexpr unsigned kLooksPerWatched = 20;  // also at what the kernel should have told of
constexpr int kRestPerLook = 50;           // so that looking takes a fiftieth of the time at most
constexpr std::string_view kScheme = "slurm://";

std::string failure(const Error& error) {
  if (error.code == ErrorCode::NotFound) return error.message;
  const bool is_munge = error.message.find("unge") != std::string::npos;
  return "Slurm cannot be asked: " +
         (is_munge ? "munge, by which it knows who asks, does not answer here; is munged up?"
                   : error_line(error.message));
}

bool is_on_its_way(const std::string& state) {
  constexpr std::array<std::string_view, 12> kStates = {
      "PENDING",  "RUNNING",      "SUSPENDED", "COMPLETING", "CONFIGURING", "RESIZING",
      "REQUEUED", "REQUEUE_HOLD", "SIGNALING", "STAGE_OUT",  "STOPPED",     "REQUEUE_FED"};
  return std::find(kStates.begin(), kStates.end(), state) != kStates.end();
}

}  // namespace

// ---- the site ----

void SlurmEngine::inspect(std::function<void(Result<Inventory>)> done) {
  inspections_.push_back(std::move(done));
  if (inspections_.size() > 1) return;
  commands_.run({"scontrol", "show", "config"},
                [this](const Result<std::string>& config) { on_site(config); });
}

void SlurmEngine::answer_inspections(const Result<Inventory>& answer) {
  for (const auto& done : std::exchange(inspections_, {})) done(answer);
}

void SlurmEngine::on_site(const Result<std::string>& config) {
  if (!config) return answer_inspections(Error{ErrorCode::Unavailable, failure(config.error())});
  auto site = parse_config(*config);
  if (!site) return answer_inspections(site.error());
  site_ = *std::move(site);
  submitter_.set_site(site_);
  const std::string& fixed = settings_.fixed_endpoint;
  if (!fixed.empty() && fixed != std::string(kScheme) + site_.cluster)
    return answer_inspections(Error{
        ErrorCode::Invalid, "this run began at " + fixed + ", and here is Slurm's cluster " + site_.cluster});
  commands_.run({"sinfo", "--Node", "--noheader", std::string("--format=") + kNodeFormat},
                [this](const Result<std::string>& nodes) { on_nodes(nodes); });
}

void SlurmEngine::on_nodes(const Result<std::string>& nodes) {
  if (!nodes) return answer_inspections(Error{ErrorCode::Unavailable, failure(nodes.error())});
  auto inventory = inventory_of(parse_nodes(*nodes));
  if (!inventory) return answer_inspections(inventory);
  commands_.run(trial_words(settings_.options, settings_.longest), "#!/bin/sh\n",
                [this, inventory = *std::move(inventory)](const Result<std::string>& answer) {
                  on_trial(inventory, answer);
                });
}

void SlurmEngine::on_trial(const Inventory& inventory, const Result<std::string>& answer) {
  const auto refusal = answer ? std::nullopt : trial_refusal(settings_.options, answer.error().message);
  if (refusal) return answer_inspections(Error{ErrorCode::Invalid, *refusal});
  answer_inspections(inventory);
}

// A task that asks for more than its partition allows waits for ever.
Result<void> SlurmEngine::check_time(const std::vector<SlurmNode>& nodes) const {
  const auto is_time = [](const std::string& word) {
    return word.starts_with("--time") || word.starts_with("-t");
  };
  const auto& extra = settings_.options.extra_arguments;
  if (settings_.longest == Duration(0) || std::any_of(extra.begin(), extra.end(), is_time)) return {};
  const Duration asked = time_limit_of(settings_.longest);
  std::string allowed;
  for (const SlurmNode& node : nodes) {
    if (!is_wanted(node)) continue;
    if (!node.time_limit || *node.time_limit >= asked) return {};
    allowed = node.partition + " allows " + human_duration(*node.time_limit);
  }
  return Error{ErrorCode::Invalid, "execution.timeouts.run: an attempt, its grace and a minute take " +
                                       human_duration(asked) + ", and Slurm's partition " + allowed +
                                       ": shorten it, or name another one in execution.slurm.partition"};
}

bool SlurmEngine::is_wanted(const SlurmNode& node) const {
  const std::vector<std::string> any_of = split(settings_.options.partition, ',');
  return settings_.options.partition.empty()
             ? node.in_default_partition
             : std::find(any_of.begin(), any_of.end(), node.partition) != any_of.end();
}

Result<Inventory> SlurmEngine::inventory_of(const std::vector<SlurmNode>& nodes) const {
  Inventory inventory;
  std::set<std::string> partitions;
  int gpus = 0;
  const std::string& wanted = settings_.options.partition;
  for (const SlurmNode& node : nodes) {
    partitions.insert(node.partition);
    if (!is_wanted(node)) continue;
    inventory.millicpu += node.cpus * 1000;
    inventory.memory_bytes += node.memory_bytes;
    gpus += node.gpus;
  }
  const std::vector<std::string> names(partitions.begin(), partitions.end());
  if (inventory.millicpu == 0 && wanted.empty())
    return Error{ErrorCode::Invalid, "Slurm's cluster " + site_.cluster +
                                         " has no default partition; name one in " +
                                         "execution.slurm.partition: there are " + join(names, ", ")};
  if (inventory.millicpu == 0)
    return Error{ErrorCode::Invalid, "execution.slurm.partition: Slurm's cluster " + site_.cluster +
                                         " has no '" + wanted + "'; there are " + join(names, ", ")};
  if (auto fits = check_time(nodes); !fits) return std::move(fits).error();
  if (gpus > 0) inventory.devices = {{"nvidia.com/gpu", gpus}, {"amd.com/gpu", gpus}};
  inventory.engine = "Slurm " + site_.version;
  inventory.endpoint = std::string(kScheme) + site_.cluster;
  inventory.kind = "slurm";
  return inventory;
}

// ---- what tasks note ----

// On a volume of this machine the kernel tells of notes; what comes by a network has to be looked for.
void SlurmEngine::watch(const Attempt& attempt) {
  if (!attempt.home.is_on_network()) watch_.add(attempt.spec.id, attempt.home.path());
}

void SlurmEngine::look_at_all() {
  const Steady begin = commands_.clock().steady();
  const bool looks_at_watched = ++looks_ % kLooksPerWatched == 0;
  std::vector<AttemptId> open;
  for (const auto& [id, attempt] : attempts_)
    if (attempt.stage != Stage::Created && attempt.stage != Stage::Ended &&
        (looks_at_watched || !watch_.has(id)))
      open.push_back(id);
  for (const AttemptId& id : open)
    if (Attempt* attempt = find(id)) look(*attempt);
  const Duration took = commands_.clock().steady() - begin;
  commands_.after(std::max(settings_.look_every, took * kRestPerLook), [this] { look_at_all(); });
}

void SlurmEngine::look(Attempt& attempt) {
  const auto ended = attempt.home.notes(kExitFile);
  if (attempt.stage != Stage::Running) {
    if (const auto started = attempt.home.notes(kStartedFile)) {
      attempt.stage = Stage::Running;
      note_task(attempt, started);
      Observation running;
      running.phase = Phase::Running;
      if (const auto since = started->find("started"); since != started->end())
        if (const auto at = parse_instant(since->second)) running.started_at = *at;
      tell(attempt, std::move(running));
    }
  }
  if (!ended) return;
  SlurmEnd end = end_of(attempt);
  end.notes = *ended;
  end_as(attempt, observation_of_end(attempt.spec.id, end));
}

// It may have been submitted twice, where nobody answered the first time: the task that took its command is
// the one that runs it, and says so. Whether that is another one than was known.
bool SlurmEngine::note_task(Attempt& attempt,
                            const std::optional<std::map<std::string, std::string>>& notes) {
  if (!notes || !notes->contains("job")) return false;
  const auto task = parse_task_id(notes->at("job"));
  if (!task || attempt.task == task) return false;
  if (attempt.task) canceller_.end(*attempt.task, Canceller::How::Drop);
  attempt.task = task;
  attempt.last_seen = {};
  attempt.has_vanished = false;
  return true;
}

SlurmEnd SlurmEngine::end_of(const Attempt& attempt) const {
  SlurmEnd end;
  end.state = attempt.last_seen.state;
  end.reason = attempt.last_seen.reason;
  end.exit_code = attempt.last_seen.exit_code;
  end.stopped_by_us = attempt.stop_grace.has_value();
  end.memory_limit = attempt.spec.main.resources.memory_bytes;
  end.run_timeout = attempt.spec.run_timeout;
  end.grace = attempt.spec.grace;
  return end;
}

// ---- what Slurm's queue says ----

std::vector<std::string> SlurmEngine::queue_words() const {
  return {"squeue",
          "--noheader",
          "--array",
          "--states=all",
          "--user=" + std::to_string(geteuid()),
          std::string("--Format=") + kQueueFormat};
}

// What is submitted while squeue answers is none of its business.
void SlurmEngine::ask() {
  const auto again = [this] { commands_.after(settings_.ask_every, [this] { ask(); }); };
  std::vector<AttemptId> asked;
  for (const auto& [id, attempt] : attempts_)
    if (attempt.task && attempt.stage != Stage::Ended) asked.push_back(id);
  if (asked.empty()) return again();
  commands_.run(queue_words(), [this, again, asked = std::move(asked)](const Result<std::string>& answer) {
    if (answer) on_queue(asked, parse_queue(*answer));
    if (!answer) log::info("squeue: " + error_line(answer.error().message));
    again();
  });
}

void SlurmEngine::on_queue(const std::vector<AttemptId>& asked, const Queue& queue) {
  std::map<TaskId, const QueuedTask*> known;
  for (const QueuedTask& task : queue) known[task.id] = &task;
  for (const AttemptId& id : asked) {
    Attempt* attempt = find(id);
    if (!attempt || !attempt->task || attempt->stage == Stage::Ended) continue;
    const auto found = known.find(*attempt->task);
    attempt->last_seen = found == known.end() ? QueuedTask() : *found->second;
    if (found == known.end() || !is_on_its_way(found->second->state)) {
      on_vanished(*attempt);
      continue;
    }
    attempt->has_vanished = false;
    if (found->second->state == "PENDING") {
      const std::string& reason = found->second->reason;
      progress(id, "waits in Slurm's queue" + (reason.empty() || reason == "None" ? "" : ": " + reason));
    }
  }
}

// Its note may still be on its way.
void SlurmEngine::on_vanished(Attempt& attempt) {
  look(attempt);
  if (attempt.stage == Stage::Ended || note_task(attempt, attempt.home.notes(kBegunFile))) return;
  if (std::exchange(attempt.has_vanished, true)) return;
  const Duration patience = attempt.home.is_on_network() ? kNetworkIsLate : settings_.notes_come_within;
  commands_.after(patience, [this, id = attempt.spec.id] { ask_accounting(id); });
}

// Only what the queue has forgotten, at sites that keep accounts.
void SlurmEngine::ask_accounting(const AttemptId& id) {
  Attempt* attempt = find(id);
  if (!attempt || attempt->stage == Stage::Ended || !attempt->has_vanished) return;
  const bool may_know = attempt->task && attempt->last_seen.state.empty() && site_.has_accounting;
  if (!may_know) return conclude(id);
  commands_.run({"sacct", "--noheader", "--parsable2", "--allocations", "--jobs=" + attempt->task->text(),
                 std::string("--format=") + kAccountingFormat},
                [this, id](const Result<std::string>& answer) {
                  Attempt* asked = find(id);
                  if (!asked) return;
                  for (const AccountedTask& task : parse_accounting(answer ? *answer : std::string())) {
                    if (!asked->task || task.id != *asked->task) continue;
                    asked->last_seen.state = task.state;
                    asked->last_seen.exit_code = task.signal != 0 ? 128 + task.signal : task.exit_code;
                  }
                  conclude(id);
                });
}

void SlurmEngine::conclude(const AttemptId& id) {
  Attempt* attempt = find(id);
  if (!attempt || attempt->stage == Stage::Ended) return;
  look(*attempt);
  if (is_on_its_way(attempt->last_seen.state)) attempt->has_vanished = false;  // the queue had not all of it
  if (attempt->stage == Stage::Ended || !attempt->has_vanished) return;
  const SlurmEnd end = end_of(*attempt);
  if (attempt->stage != Stage::Running && attempt->home.withdraw())
    return end_as(*attempt, observation_of_never_run(id, end, attempt->home.path().string()));
  end_as(*attempt, observation_of_end(id, end));
}

// ---- after a crash of the controller ----

void SlurmEngine::resync(std::vector<Expected> expected, std::function<void(Result<void>)> done) {
  commands_.run(queue_words(), [this, expected = std::move(expected),
                                done = std::move(done)](const Result<std::string>& answer) mutable {
    if (!answer) return done(Error{ErrorCode::Unavailable, failure(answer.error())});
    on_resync(expected, parse_queue(*answer));
    commands_.after(Duration(0), [done = std::move(done)] { done({}); });  // after what was told by it
  });
}

void SlurmEngine::on_resync(const std::vector<Expected>& expected, const Queue& queue) {
  std::map<AttemptHome::Place, TaskId> queued;
  for (const QueuedTask& task : queue)
    if (is_on_its_way(task.state)) queued[{task.name, task.id.index}] = task.id;
  std::set<AttemptId> ids;
  for (const Expected& one : expected) {
    ids.insert(one.spec.id);
    if (Attempt* known = find(one.spec.id)) {
      tell(*known, known->told);
    } else {
      adopt(one, queued);
    }
  }
  std::vector<AttemptId> others;
  for (const auto& [id, attempt] : attempts_)
    if (!ids.contains(id)) others.push_back(id);
  for (const AttemptId& id : others) forget(id);
  remove_strangers(queue);
}

void SlurmEngine::adopt(const Expected& expected, const std::map<AttemptHome::Place, TaskId>& queued) {
  const AttemptHome home(expected.spec);
  if (!home.exists()) return tell_missing(expected.spec.id);
  std::optional<TaskId> task;
  if (const auto place = home.place())
    if (const auto found = queued.find(*place); found != queued.end()) task = found->second;
  if (!expected.start_intended && home.is_untouched() && !task) {
    home.remove();  // it may have been written halfway when the power went
    return create(expected.spec);
  }
  if (!task && home.withdraw()) {
    Attempt& attempt = add(expected.spec, Stage::Ended);
    Observation cut;
    cut.phase = Phase::Missing;
    cut.reason = Reason::Interrupted;
    cut.message = "whether it was submitted to Slurm is unknown, and it has been withdrawn";
    return end_as(attempt, std::move(cut));
  }
  adopt_started(expected, task);
}

// One that is in the queue, runs, or has ended: its notes tell which.
void SlurmEngine::adopt_started(const Expected& expected, std::optional<TaskId> task) {
  Attempt& attempt = add(expected.spec, Stage::Queued);
  attempt.task = std::move(task);
  watch(attempt);
  look(attempt);
  if (attempt.stage != Stage::Queued) return;
  note_task(attempt, attempt.home.notes(kBegunFile));
  if (attempt.task) return progress(expected.spec.id, "waits in Slurm's queue");
  on_vanished(attempt);
  progress(expected.spec.id, "its task has begun, or is gone");
}

void SlurmEngine::remove_strangers(const Queue& queue) {
  std::set<TaskId> known;
  for (const auto& [id, attempt] : attempts_)
    if (attempt.task) known.insert(*attempt.task);
  size_t removed = 0;
  for (const QueuedTask& task : queue) {
    if (!is_on_its_way(task.state) || !is_name_of(task.name, settings_.volume) || known.contains(task.id))
      continue;
    const bool is_ours = task.comment.starts_with(comment_of(settings_.volume, {}));
    const std::string run = run_in(task.comment, settings_.volume);
    if (!is_ours || (settings_.is_of_another && settings_.is_of_another(run))) continue;
    canceller_.end(task.id, Canceller::How::Drop);
    ++removed;
  }
  if (removed > 0)
    log::warning("removing " + std::to_string(removed) + " tasks from Slurm that nothing is known of");
}

}  // namespace studyctl
