#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "model/event.h"
#include "model/measurements.h"
#include "model/states.h"
#include "store/run_record.h"
#include "store/sqlite.h"
#include "store/volume.h"

namespace studyctl {

struct RunSummary {
  RunRecord record;  // `manifest` is left out: see Catalog::manifest()
  RunState state = RunState::Pending;
  std::string message;
  uint32_t generation = 0;  // of its plan
  uint64_t total = 0;
  std::array<uint64_t, kRepetitionStates> counts{};
  std::optional<Instant> started_at, finished_at;
  Instant updated_at;
};

// A repetition that was started at least once, as its last attempt left it.
struct RepetitionSummary {
  int64_t id = 0;  // of the view `jobs`
  RepetitionKey key;
  std::string experiment;
  std::string parameters;  // JSON object
  RepetitionState state = RepetitionState::Waiting;
  std::optional<Reason> reason;  // why its last attempt ended
  uint32_t fail_count = 0;
  uint32_t attempt = 0;  // the last one's number
  std::string message;   // of its last attempt when that did not succeed; who skipped it, and why
  std::string source;    // Cached: the directory of the run that it is from
  std::string job_dir;   // below the volume: nmr/2026-…/experiments/3f/water-…/cycle-1
  std::optional<int> exit_code;
  std::optional<Instant> started_at, finished_at;
  Duration duration{0};
  Instant created_at, updated_at;
  std::vector<std::string> flags;  // of its last attempt: why its measurement may be off
};

struct AttemptSummary {
  AttemptKey key;
  std::string source;  // of a Cached repetition: the directory of the run that it is from
  std::string state;  // Starting, Running, or what its end made of the repetition: Succeeded, Failed, Retry …
  std::optional<Reason> reason;
  std::optional<int> exit_code;
  std::string message;
  std::string container, image_digest, cpus;
  std::vector<std::string> devices;
  std::vector<std::string> warnings;
  std::optional<Instant> intended_at, started_at, finished_at;
  Duration duration{0};
  bool counted = true;
  std::vector<MetricValue> metrics;
  std::vector<std::string> flags;
};

// An attempt whose main container ran, and when.
struct RanAttempt {
  std::string experiment;
  uint32_t cycle = 1, attempt = 1;
  std::string state;  // as AttemptSummary::state
  std::vector<std::string> devices;
  Instant started_at, finished_at;
};

struct CommandRecord {
  Instant at;
  std::string who;
  std::string command;
};

// What to list of a run's repetitions: empty means all of them.
struct RepetitionFilter {
  std::vector<RepetitionState> states{};
  std::vector<Reason> reasons{};
  std::string experiment{};  // the id or a beginning of it
  std::optional<uint32_t> cycle{};
  uint32_t min_fails = 0;
  uint32_t max_fails = UINT32_MAX;
  uint64_t limit = 0;
  int64_t after = 0;  // for paging: only those with a greater id; of experiments, the first places left out
};

// An experiment of which at least one repetition was started, with those of its repetitions that a filter
// lets through.
struct ExperimentSummary {
  uint32_t generation = 1;
  uint64_t index = 0;  // in the plan
  std::string experiment;
  std::string parameters;  // JSON object
  std::array<uint64_t, kRepetitionStates> counts{};
  std::array<uint64_t, kReasons> reasons{};  // why their last attempts ended; Completed included
  uint64_t fail_count = 0;
  uint64_t flagged = 0;  // repetitions whose last attempt was throttled or disturbed
};

// studies.db for reading, also while a controller writes. One thread.
class Catalog {
 public:
  // NotFound where there is none.
  static Result<Catalog> open(const std::filesystem::path& database);
  // That of a volume. NotFound where nothing was ever run; Unavailable where runs lie, and their database is
  // gone.
  static Result<Catalog> of(const ResultsVolume& volume);

  // Of one study, or of all when empty; the newest first.
  Result<std::vector<RunSummary>> runs(const std::string& study = {}) const;
  // Those that somebody may go on with: of each study its newest, where that has not ended. The newest first.
  Result<std::vector<RunSummary>> unfinished() const;
  // By id, a beginning of it, or "<study>/<directory name>". NotFound; Invalid when several match.
  Result<RunSummary> run(const std::string& name) const;
  // The newest of a study. NotFound.
  Result<RunSummary> latest(const std::string& study) const;
  // study_manifest.json as recorded.
  Result<std::string> manifest(const std::string& run_id) const;

  // In order of their first start, read page by page: a slow `visit` does not hold up the controller.
  // `visit` returns false to end.
  Result<void> repetitions(const std::string& run_id, const RepetitionFilter& filter,
                           const std::function<bool(const RepetitionSummary&)>& visit) const;
  // In the order of the plan; else like repetitions(). `limit` and `cycle` are not looked at.
  Result<void> experiments(const std::string& run_id, const RepetitionFilter& filter,
                           const std::function<bool(const ExperimentSummary&)>& visit) const;
  // Of one repetition, the first attempt first.
  Result<std::vector<AttemptSummary>> attempts(const std::string& run_id, const std::string& experiment,
                                               uint32_t cycle) const;
  // Of all repetitions, those that ran and ended, by when they started.
  Result<void> ran_attempts(const std::string& run_id,
                            const std::function<void(const RanAttempt&)>& visit) const;
  // Experiments that ran by more than one image digest, a sentence each; the first ten.
  Result<std::vector<std::string>> moved_images(const std::string& run_id) const;
  // How long the repetitions of a study took that succeeded, from intent to end, in its last runs: the newest
  // few thousand.
  // `parameters` is a JSON object.
  Result<void> durations(const std::string& study,
                         const std::function<void(const std::string& parameters, Duration)>& visit) const;
  // Those of measurements() that may be off, by experiment and cycle, and why: `throttled`, `disturbed`.
  using Flagged = std::map<std::pair<std::string, uint32_t>, std::vector<std::string>>;
  Result<Flagged> flagged(const std::string& run_id) const;
  // What all succeeded repetitions measured, and those that were taken over from another run. Goals are not
  // known here.
  Result<Measurements> measurements(const std::string& run_id) const;
  Result<std::vector<CommandRecord>> commands(const std::string& run_id) const;
  // A repetition that is done, in whatever run of a study.
  struct Done {
    std::string run_id;
    RepetitionCached as_cached;  // `key` is not set but for the number of the attempt
    std::string identity;
    uint32_t cycle = 1;
    int64_t end_event = 0;  // where done_metrics() finds its metrics
  };
  // Of all runs of `study`, the newest first; Cached ones name the run that they are from.
  Result<void> done(const std::string& study, const std::function<void(const Done&)>& visit) const;
  Result<std::vector<MetricValue>> done_metrics(int64_t end_event) const;
  // What a metric came to in every repetition of the plan that is done, by the experiment's place in it.
  Result<void> values_of(const std::string& run_id, const std::string& metric,
                         const std::function<void(uint64_t index, double value)>& visit) const;
  // The repetitions of the plan that were started, by the experiment's place in it.
  Result<void> states_of(
      const std::string& run_id,
      const std::function<void(uint64_t index, RepetitionState, uint64_t repetitions)>& visit) const;
  // Wall time and cores × time and devices × time over all attempts of a run, in seconds; and what their CPUs
  // and GPUs used, nothing where no meter was read. Where who ran them counted: the CPU time that they used,
  // of which they were given `core_seconds`, and bytes in memory of the largest process.
  struct Usage {
    double wall_seconds = 0;
    double core_seconds = 0;
    double device_seconds = 0;
    std::optional<double> energy_joules{};
    std::optional<double> cpu_seconds{};
    std::optional<double> memory_peak{};

    Usage& operator+=(const Usage& more);
  };
  Result<Usage> usage(const std::string& run_id) const;
  // Of these the devices × time alone: it looks at no meters.
  Result<double> device_seconds(const std::string& run_id) const;
  // The same of each experiment, in the order of the plan.
  struct ExperimentUsage {
    std::string experiment;
    uint64_t attempts = 0;
    Usage usage;
  };
  Result<void> usages(const std::string& run_id,
                      const std::function<void(const ExperimentUsage&)>& visit) const;

  // Planned repetitions that were started, by state and by why their last attempt ended.
  struct StateCount {
    RepetitionState state = RepetitionState::Waiting;
    std::optional<Reason> reason;
    uint64_t repetitions = 0;
  };
  Result<std::vector<StateCount>> counts_by_reason(const std::string& run_id) const;
  // Attempts that a timeout ended, by its reason, and of how many repetitions they are.
  struct TimedOut {
    std::map<Reason, uint64_t> attempts;
    uint64_t repetitions = 0;
  };
  Result<TimedOut> timed_out(const std::string& run_id) const;

 private:
  struct Run {
    int64_t number = 0;
    std::string directory;
  };
  explicit Catalog(std::unique_ptr<Sqlite> studies) : studies_(std::move(studies)) {}
  // What the connection came to, or `value`.
  template <class T>
  Result<T> outcome(T value) const {
    if (Result<void> done = studies_->outcome(); !done) return std::move(done).error();
    return value;
  }
  // NotFound goes to the connection.
  Run run_row(const std::string& run_id) const;
  // By row of the experiment, where anything was measured.
  std::map<int64_t, double> joules_by_experiment(int64_t run) const;
  Result<std::vector<RunSummary>> list_runs(const std::string& condition, const std::string& name) const;

  std::unique_ptr<Sqlite> studies_;
};

}  // namespace studyctl
