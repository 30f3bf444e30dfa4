#include "store/publisher.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "store/appended_file.h"
#include "store/progress_line.h"
#include "store/result_row.h"
#include "store/results_csv.h"

namespace studyctl {
namespace {

constexpr const char* kProgress = "progress.jsonl";
constexpr const char* kResults = "results.jsonl";

// Between flushes, at most: a file that is made again from millions of events is not kept in memory.
constexpr size_t kMostPending = 1 << 20;

}  // namespace

struct Publisher::Parts {
  struct Active {
    RepetitionState state = RepetitionState::Starting;
    std::optional<Instant> started_at;
    std::string image_digest;
    std::vector<std::string> devices;
    std::optional<ExperimentFacts> facts;
  };

  AppendedFile progress;
  AppendedFile results;
  ResultsCsv csv;
  DescribeExperiment describe;

  // What the events so far say, as far as the lines need it.
  RunState run_state = RunState::Pending;
  uint32_t generation = 0;
  std::map<RepetitionKey, Active> active;
  std::map<RepetitionKey, RepetitionState> ended_badly;

  void on(const GenerationOpened& fact, const Event& event);
  void on(const ExperimentCarried& fact, const Event& event);
  void on(const CyclesChanged& fact, const Event& event);
  void on(const RepetitionAdded& fact, const Event& event);
  void on(const AttemptIntended& fact, const Event& event);
  void on(const AttemptStarting& fact, const Event& event);
  void on(const AttemptRunning& fact, const Event& event);
  void on(const AttemptStopping&, const Event&) {}
  void on(const AttemptEnded& fact, const Event& event);
  void on(const RepetitionReset& fact, const Event& event);
  void on(const RepetitionSkipped& fact, const Event& event);
  void on(const RepetitionCached& fact, const Event& event);
  void on(const RunStateChanged& fact, const Event& event);
  void on(const CommandAccepted&, const Event&) {}
  void on(const CooldownBegan&, const Event&) {}
  void on(const ThresholdRebased&, const Event&) {}
  void on(const PilotEnded&, const Event&) {}

  const ExperimentFacts& facts_of(const RepetitionKey& key, Active& attempt) const;
  // What is known of its cycles is found under their new keys.
  template <class What>
  void carry(std::map<RepetitionKey, What>& known, const ExperimentCarried& fact) const;
  void add_line(const Event& event, const RepetitionKey& key, ProgressLine line);
  // Of a repetition without an attempt.
  void add_transition(const Event& event, const RepetitionKey& key, std::string_view from, RepetitionState to,
                      const std::string& message = {});
  void add_row(const Event& event, const AttemptEnded& fact, Active& attempt);
  Result<void> flush();
};

Publisher::Publisher(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Publisher::Publisher(Publisher&&) noexcept = default;
Publisher& Publisher::operator=(Publisher&&) noexcept = default;
Publisher::~Publisher() = default;

Result<Publisher> Publisher::open(const std::filesystem::path& run_directory,
                                  const std::map<std::string, Checkpoint>& checkpoints,
                                  DescribeExperiment describe) {
  const auto checkpoint = [&](const char* file) {
    const auto found = checkpoints.find(file);
    return found == checkpoints.end() ? Checkpoint{} : found->second;
  };
  Result<AppendedFile> progress = AppendedFile::open(run_directory / kProgress, checkpoint(kProgress));
  if (!progress) return std::move(progress).error();
  Result<AppendedFile> results = AppendedFile::open(run_directory / kResults, checkpoint(kResults));
  if (!results) return std::move(results).error();
  Result<ResultsCsv> csv = ResultsCsv::open(run_directory / "results.csv", *results, checkpoints);
  if (!csv) return std::move(csv).error();
  return Publisher(std::unique_ptr<Parts>(new Parts{
      std::move(*progress), std::move(*results), std::move(*csv), std::move(describe), {}, 0, {}, {}}));
}

void Publisher::publish(const Event& event) {
  Parts& parts = *parts_;
  std::visit([&](const auto& fact) { parts.on(fact, event); }, event.fact);
  if (parts.progress.wants(event.seq)) parts.progress.add(event.seq, "");
  if (parts.results.wants(event.seq)) parts.results.add(event.seq, "");
  if (parts.csv.wants(event.seq)) parts.csv.pass(event.seq);
  // An error comes again at the flush that is asked for.
  if (parts.progress.pending() + parts.results.pending() > kMostPending) (void)parts.flush();
}

Result<void> Publisher::flush() {
  return parts_->flush();
}

uint64_t Publisher::complete_to() const {
  uint64_t seq = UINT64_MAX;
  for (const auto& [file, checkpoint] : checkpoints()) seq = std::min(seq, checkpoint.seq);
  return seq;
}

std::map<std::string, Checkpoint> Publisher::checkpoints() const {
  return {{kProgress, parts_->progress.checkpoint()},
          {kResults, parts_->results.checkpoint()},
          parts_->csv.checkpoint()};
}

Result<void> Publisher::Parts::flush() {
  if (Result<void> done = results.flush(); !done) return done;
  if (Result<void> done = csv.flush(results); !done) return done;
  if (Result<void> done = progress.flush(); !done) return done;
  if (!is_final(run_state)) return {};
  if (Result<void> done = results.sync(); !done) return done;
  if (Result<void> done = csv.sync(); !done) return done;
  return progress.sync();
}

void Publisher::Parts::on(const GenerationOpened& fact, const Event& event) {
  generation = fact.generation;
  ProgressLine line;
  line.from = line.to = name_of(run_state);
  line.generation = fact.generation;
  line.experiments = fact.experiments;
  line.cycles = fact.cycles;
  add_line(event, {}, std::move(line));
}

template <class What>
void Publisher::Parts::carry(std::map<RepetitionKey, What>& known, const ExperimentCarried& fact) const {
  const RepetitionKey first{fact.generation, fact.index, 0};
  for (auto at = known.lower_bound(first);
       at != known.end() && at->first.generation == fact.generation && at->first.index == fact.index;) {
    auto moved = known.extract(at++);
    moved.key() = {generation, fact.to, moved.key().cycle};
    known.insert(std::move(moved));
  }
}

void Publisher::Parts::on(const ExperimentCarried& fact, const Event& event) {
  carry(active, fact);
  carry(ended_badly, fact);
  if (!progress.wants(event.seq)) return;
  const RepetitionKey key{generation, fact.to, 0};
  ProgressLine line;
  line.experiment = describe(key).experiment;
  line.cycles = fact.cycles;
  line.before = {fact.generation, fact.index};
  add_line(event, key, std::move(line));
}

void Publisher::Parts::on(const CyclesChanged& fact, const Event& event) {
  ProgressLine line;
  line.from = line.to = name_of(run_state);
  line.cycles = fact.cycles;
  add_line(event, {}, std::move(line));
}

void Publisher::Parts::on(const RepetitionAdded& fact, const Event& event) {
  add_transition(event, fact.key, "", RepetitionState::Waiting);
}

void Publisher::Parts::on(const AttemptIntended& fact, const Event& event) {
  const RepetitionKey& key = fact.key.repetition;
  Active& attempt = active[key];
  attempt = {};
  ended_badly.erase(key);
  if (!progress.wants(event.seq)) return;
  ProgressLine line;
  line.experiment = facts_of(key, attempt).experiment;
  line.attempt = fact.key.attempt;
  line.from = name_of(RepetitionState::Waiting);
  line.to = name_of(RepetitionState::Starting);
  add_line(event, key, std::move(line));
}

void Publisher::Parts::on(const AttemptStarting& fact, const Event&) {
  Active& attempt = active[fact.key.repetition];
  attempt.image_digest = fact.image_digest;
  attempt.devices = fact.devices;
}

void Publisher::Parts::on(const AttemptRunning& fact, const Event& event) {
  const RepetitionKey& key = fact.key.repetition;
  Active& attempt = active[key];
  const RepetitionState from = std::exchange(attempt.state, RepetitionState::Running);
  attempt.started_at = fact.started_at;
  if (!progress.wants(event.seq)) return;
  ProgressLine line;
  line.experiment = facts_of(key, attempt).experiment;
  line.attempt = fact.key.attempt;
  line.from = name_of(from);
  line.to = name_of(RepetitionState::Running);
  add_line(event, key, std::move(line));
}

void Publisher::Parts::on(const AttemptEnded& fact, const Event& event) {
  const RepetitionKey& key = fact.key.repetition;
  Active attempt = std::move(active[key]);
  active.erase(key);
  const RepetitionState to = state_after(fact.verdict);
  if (to != RepetitionState::Succeeded && to != RepetitionState::Waiting) ended_badly[key] = to;
  // What has left the plan finishes, but is none of its results.
  if (fact.verdict == Verdict::Succeeded && key.generation == generation) add_row(event, fact, attempt);
  if (!progress.wants(event.seq)) return;
  ProgressLine line;
  line.experiment = facts_of(key, attempt).experiment;
  line.attempt = fact.key.attempt;
  line.from = name_of(attempt.state);
  line.to = name_of(to);
  line.reason = name_of(fact.reason);
  line.duration = fact.duration;
  add_line(event, key, std::move(line));
}

void Publisher::Parts::on(const RepetitionReset& fact, const Event& event) {
  // One that is not among them was cancelled with its run, before it started.
  RepetitionState from = RepetitionState::Cancelled;
  if (auto found = ended_badly.find(fact.key); found != ended_badly.end()) {
    from = found->second;
    ended_badly.erase(found);
  }
  add_transition(event, fact.key, name_of(from), RepetitionState::Waiting);
}

void Publisher::Parts::on(const RepetitionSkipped& fact, const Event& event) {
  ended_badly[fact.key] = RepetitionState::Skipped;
  add_transition(event, fact.key, name_of(RepetitionState::Waiting), RepetitionState::Skipped,
                 fact.who + (fact.why.empty() ? "" : ": " + fact.why));
}

void Publisher::Parts::on(const RepetitionCached& fact, const Event& event) {
  const ExperimentFacts facts = describe(fact.key.repetition);
  ResultRow row{facts.experiment,
                fact.key.repetition.cycle,
                fact.key.attempt,
                facts.parameters,
                fact.metrics,
                fact.started_at,
                fact.started_at + fact.duration,
                fact.duration,
                fact.image_digest,
                fact.devices,
                {},
                fact.run};
  if (results.wants(event.seq)) results.add(event.seq, to_json_line(row));
  if (csv.wants(event.seq)) csv.add(event.seq, row);
  ProgressLine line;
  line.experiment = facts.experiment;
  line.attempt = fact.key.attempt;
  line.from = name_of(RepetitionState::Waiting);
  line.to = name_of(RepetitionState::Cached);
  line.source = fact.run;
  add_line(event, fact.key.repetition, std::move(line));
}

void Publisher::Parts::on(const RunStateChanged& fact, const Event& event) {
  ProgressLine line;
  line.from = name_of(std::exchange(run_state, fact.state));
  line.to = name_of(fact.state);
  line.message = fact.message;
  add_line(event, {}, std::move(line));
}

const ExperimentFacts& Publisher::Parts::facts_of(const RepetitionKey& key, Active& attempt) const {
  if (!attempt.facts) attempt.facts = describe(key);
  return *attempt.facts;
}

void Publisher::Parts::add_line(const Event& event, const RepetitionKey& key, ProgressLine line) {
  if (!progress.wants(event.seq)) return;
  line.seq = event.seq;
  line.at = event.at;
  if (!line.experiment.empty()) {
    line.generation = key.generation;
    line.index = key.index;
    line.cycle = key.cycle;
  }
  progress.add(event.seq, to_json_line(line));
}

void Publisher::Parts::add_transition(const Event& event, const RepetitionKey& key, std::string_view from,
                                      RepetitionState to, const std::string& message) {
  if (!progress.wants(event.seq)) return;
  ProgressLine line;
  line.experiment = describe(key).experiment;
  line.from = from;
  line.to = name_of(to);
  line.message = message;
  add_line(event, key, std::move(line));
}

void Publisher::Parts::add_row(const Event& event, const AttemptEnded& fact, Active& attempt) {
  const bool wanted = results.wants(event.seq);
  if (!wanted && !csv.wants(event.seq)) return;
  const ExperimentFacts& facts = facts_of(fact.key.repetition, attempt);
  ResultRow row;
  row.experiment = facts.experiment;
  row.cycle = fact.key.repetition.cycle;
  row.attempt = fact.key.attempt;
  row.parameters = facts.parameters;
  row.metrics = fact.metrics;
  row.started_at = attempt.started_at.value_or(event.at);
  row.finished_at = row.started_at + fact.duration;
  row.duration = fact.duration;
  row.image_digest = attempt.image_digest;
  row.devices = attempt.devices;
  row.warnings = fact.warnings;
  row.flags = fact.conditions.flags;
  if (wanted) results.add(event.seq, to_json_line(row));
  if (csv.wants(event.seq)) csv.add(event.seq, row);
}

}  // namespace studyctl
