#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "model/engine_options.h"
#include "model/requirement.h"
#include "model/states.h"
#include "model/value.h"
#include "model/value_table.h"

// What a user asked for, validated; never changes after it was accepted. Plain data, filled by manifest/,
// read by everyone. Every default is already in place: an optional here means "no such limit".
namespace studyctl {

// from, from + step, … up to `to`, in decimal arithmetic: value i is (first + i * step) / 10^digits.
struct Range {
  int64_t first = 0;
  int64_t step = 1;
  uint32_t digits = 0;
  uint64_t count = 0;
};

// Where a scoped axis is: at points whose `parameter` has the text `value`.
struct Scope {
  std::string parameter;
  std::string value;
};

// One axis of a sweep: one name, or several that move together (then every row has a value for each).
struct Axis {
  std::vector<std::string> names;
  // Rows of names.size() values; a Range has one name.
  std::variant<std::vector<std::vector<Value>>, Range, ValueTable> values;
  std::optional<Scope> scope = {};  // everywhere when there is none

  uint64_t size() const;
  // Row `i`, one Value for each name.
  std::vector<Value> at(uint64_t i) const;
  Value value(uint64_t i, size_t name) const;
};

// A point leaves the plan when it meets all of them.
struct ExcludeRule {
  std::vector<Requirement> match;
  std::string place;  // "study.yaml:12:7", for what people are told
};

// One explicit experiment: a value for every parameter, in written order.
struct ExplicitPoint {
  std::vector<std::pair<std::string, Value>> parameters;
  std::string place;
};

// What the values of a parameter may be.
struct ParameterType {
  enum class Type : uint8_t { Any, String, Integer, Number, Boolean };
  std::string name;
  Type type = Type::Any;
  std::vector<Value> allowed;    // any when empty
  std::string minimum, maximum;  // numbers; no bound when empty
  std::string pattern;           // RE2, of the whole text; any when empty
};

// spec.experimentsFrom: a point per row of a CSV file, crossed with the sweep.
struct CsvSource {
  std::string path;  // relative to the manifest
  std::vector<std::pair<std::string, std::string>>
      columns;  // column → parameter; all, as they are, when empty
  std::vector<std::pair<std::string, ParameterType::Type>> types;  // of parameters; String when not given
  std::vector<std::pair<std::string, std::string>> derive;         // parameter → an integer expression
  Axis rows;                                                       // a ValueTable
};

// ---- the container ----

struct SecretReference {
  std::string name;
  std::string key;
  auto operator<=>(const SecretReference&) const = default;
};

struct EnvironmentVariable {
  std::string name;
  std::string value;                      // empty when it comes from a secret
  std::optional<SecretReference> secret;  // its value is in no stored or shown thing
};

struct VolumeMount {
  std::string volume;
  std::string path;
  std::string sub_path;
  bool read_only = false;
};

struct SecurityContext {
  std::optional<int64_t> run_as_user;
  std::optional<int64_t> run_as_group;
  bool read_only_root = false;
  bool privileged = false;
  bool allow_privilege_escalation = false;
  std::vector<std::string> add_capabilities;
  std::vector<std::string> drop_capabilities;
};

// Whole devices of one kind: "nvidia.com/gpu", "amd.com/gpu", a CDI kind, or a device node's path
// ("/dev/dri").
struct DeviceRequest {
  std::string kind;
  int count = 0;
  auto operator<=>(const DeviceRequest&) const = default;
};

struct Resources {
  std::optional<int64_t> millicpu;          // limit
  std::optional<int64_t> memory_bytes;      // limit, swap included
  std::optional<int64_t> millicpu_request;  // what packing counts when there is no limit
  std::optional<int64_t> memory_bytes_request;
  std::vector<DeviceRequest> devices;
  std::optional<int64_t> pids;  // limits["studyctl.io/pids"]
};

enum class PullPolicy : uint8_t { Always, IfNotPresent, Never };

// Whether a container goes on beside main, on a cluster alone: begun in its turn among the init containers
// (restartPolicy: Always), or with main (containers[1] and on).
enum class Sidecar : uint8_t { No, FromItsTurn, WithMain };

struct Container {
  std::string name;
  std::string image;
  PullPolicy pull_policy = PullPolicy::IfNotPresent;
  std::vector<std::string> command;  // replaces the image's entrypoint when not empty
  std::vector<std::string> arguments;
  std::vector<EnvironmentVariable> environment;
  std::string working_directory;  // the image's when empty
  Resources resources;
  std::vector<VolumeMount> mounts;
  SecurityContext security;
  std::string termination_message_path;  // none when empty
  Sidecar sidecar = Sidecar::No;
  // What of it only a cluster knows: its fields by name, each as JSON; `claims` is that of its resources.
  std::map<std::string, std::string> cluster_fields{};
};

// How long the contents of an emptyDir volume live.
enum class VolumeScope : uint8_t { Attempt, Run };

struct HostPathVolume {
  std::string path;
};
struct EmptyDirVolume {
  bool in_memory = false;
  std::optional<int64_t> size_limit;
  VolumeScope scope = VolumeScope::Attempt;  // spec.volumeScopes
};
struct NamedVolume {
  std::string claim;
};
// The keys of a ConfigMap or a Secret as files; `items` empty means all of them.
struct ProjectedVolume {
  bool is_secret = false;
  std::string name;
  std::vector<std::pair<std::string, std::string>> items;  // key → path
  std::map<std::string, std::string> data;                 // of a ConfigMap; a Secret's is in no study
};

struct Volume {
  std::string name;
  std::variant<HostPathVolume, EmptyDirVolume, NamedVolume, ProjectedVolume> source;
};

struct PodTemplate {
  std::vector<Container> init_containers;  // and sidecars, behind them those that begin with main
  Container main;
  std::vector<Volume> volumes;
  bool host_network = false;
  bool share_process_namespace = false;
  std::vector<std::string> image_pull_secrets;
  std::map<std::string, std::string> labels;
  // What of a pod only a cluster knows: its fields by name, each as JSON; and what its programs are told.
  std::map<std::string, std::string> cluster_fields;
  std::map<std::string, std::string> annotations;
};

// ---- files, results ----

struct StudyFile {
  std::string path;        // below /study
  std::string content;     // a template; substituted
  std::string from_file;   // a path with substitution, instead of content; read once at apply
  std::string place = {};  // "study.yaml:12:7"
};

enum class Take : uint8_t { First, Last, Min, Max, Sum, Mean, Count };

// Where a metric comes from: a file (a name or a glob below the results; .gz is looked for too) or stdout or
// stderr, and how: a regex's first group, a JSON pointer, or a CSV column. Exactly one of `regex`, `pointer`,
// `column` is set.
struct MetricSource {
  enum class From : uint8_t { File, Stdout, Stderr };
  From from = From::File;
  std::string file;
  std::string regex;
  std::string pointer;
  std::string column;
};

struct Metric {
  enum class Goal : uint8_t { None, Minimize, Maximize };
  std::string name;
  std::vector<MetricSource> sources;  // the first that yields
  Take take = Take::First;
  std::string unit;
  Goal goal = Goal::None;
};

struct ContentCheck {
  MetricSource::From from = MetricSource::From::File;
  std::string file;
  std::string regex;
};

struct ResultRules {
  std::string path = "/results";
  std::vector<std::string> required;
  std::vector<ContentCheck> success;
  std::vector<ContentCheck> failure;
  std::vector<Metric> metrics;
};

// ---- execution ----

enum class Order : uint8_t { Sequential, Interleaved, Shuffled, Abba };
inline constexpr std::array<std::pair<std::string_view, Order>, 4> kOrders = {
    {{"Sequential", Order::Sequential},
     {"Interleaved", Order::Interleaved},
     {"Shuffled", Order::Shuffled},
     {"ABBA", Order::Abba}}};
constexpr std::string_view name_of(Order order) {
  return kOrders[static_cast<size_t>(order)].first;
}

struct Cooldown {
  Duration experiment{0};
  Duration cycle{0};
  std::optional<double> gpu_temperature_below{};  // °C: no start on a device that is hotter …
  Duration max_wait{std::chrono::minutes(10)};    // … for no longer than this
};

struct Stall {
  Duration after{0};
  Duration initial_delay{0};
};

struct Timeouts {
  std::optional<Duration> run;
  std::optional<Stall> stalled;
  std::optional<Duration> pending;
  std::optional<Duration> study;
  Duration grace{std::chrono::seconds(10)};
};

struct Backoff {
  Duration initial{std::chrono::seconds(10)};
  double factor = 2;
  Duration max{std::chrono::minutes(6)};
};

enum class RetryAction : uint8_t { Retry, Fail, FailStudy, Infeasible };

// Matches when every condition that is given holds.
struct RetryRule {
  std::vector<Reason> reasons;
  std::vector<int> exit_codes;
  std::string log_pattern;
  RetryAction action = RetryAction::Fail;
  bool counted = true;
  // Retry: what the attempts that follow get more than this one had.
  double memory_factor = 1;
  std::optional<int64_t> memory_max;
  double timeout_factor = 1;
  std::optional<Duration> timeout_max;
};

struct RetryPolicy {
  int limit = 0;
  Backoff backoff;
  std::vector<RetryRule> rules;  // first match wins; the built-in rule is not in here
};

struct FailureThreshold {
  enum class Action : uint8_t { Pause, Stop, Cancel };
  std::optional<uint64_t> max_failed;
  std::optional<double> max_failed_percent;
  std::vector<std::string> group_by;
  uint64_t min_samples = 0;
  Action action = Action::Pause;
};

// Every experiment is repeated until the 95 % interval of a metric's mean over its cycles is narrow enough;
// looked at from five cycles on.
struct RepeatUntil {
  std::string metric;
  double width = 0;  // of the interval, both sides together, by the mean: 0.02 is 2 %
  uint32_t max_cycles = 0;
  bool operator==(const RepeatUntil&) const = default;
};

// What a run may spend. The run stops when it is spent.
struct Budget {
  double gpu_hours = 0;
};

// The repetitions that start before all others, and after which the run pauses. One of the three is given.
struct Pilot {
  uint64_t count = 0;                // so many, in the run's order
  uint64_t first = 0;                // all with the first so many values …
  std::string of;                    // … of this parameter; alone: all that match this selector
  std::vector<std::string> one_per;  // the first of each combination of these parameters
};

// How a run that is on makes room for one of a higher priority.
enum class Preemption : uint8_t {
  AtBoundary,  // what runs is finished, nothing more is started
  Requeue,     // what runs is ended and tried again later
  Never,
};

struct Execution {
  EngineKind engine = EngineKind::Auto;
  uint32_t cycles = 1;
  Order order = Order::Sequential;
  uint64_t seed = 0;
  int parallelism = 1;
  uint64_t limit = 1000;
  std::optional<Duration> expected_duration;
  Cooldown cooldown;
  Timeouts timeouts;
  RetryPolicy retry;
  std::optional<FailureThreshold> threshold;
  std::optional<RepeatUntil> repeat_until;
  std::optional<Budget> budget;
  bool pin_cpus = false;          // each attempt with a whole number of cores gets its own
  bool gpu_require_idle = false;  // a device that a stranger uses is not leased
  bool cold_start = false;        // page caches are dropped before each attempt
  std::optional<Pilot> pilot;
  int priority = 0;  // in the service's queue; higher ones first
  Preemption preemption = Preemption::AtBoundary;
  ProcessOptions process;
  KubernetesOptions kubernetes;
  SlurmOptions slurm;
};

// What the points that match have instead of what the study has; what is absent or empty stays. Variables are
// added to the study's, or stand for those of the same name; resources as those of the same kind.
struct Override {
  std::vector<Requirement> match;
  std::optional<Duration> run, pending, grace;
  std::optional<Stall> stalled;
  std::optional<int> retry_limit;
  std::string image;
  std::optional<PullPolicy> pull_policy;
  std::optional<std::vector<std::string>> command, arguments;
  std::vector<EnvironmentVariable> environment;
  Resources resources;
  std::string place;  // "study.yaml:12:7"
};

struct Study {
  std::string name;
  std::map<std::string, std::string> labels;
  // the design
  std::vector<ParameterType> parameters;
  std::vector<Axis> sweep;  // in written order
  std::vector<ExcludeRule> exclude;
  std::vector<ExplicitPoint> experiments;
  std::optional<CsvSource> experiments_from;
  std::vector<Override> overrides;  // the later win, field by field
  PodTemplate pod;
  std::vector<StudyFile> files;
  std::string checkpoint_path;  // where a repetition's directory is mounted that outlives its attempts; none
                                // when empty
  ResultRules results;
  // the execution
  Execution execution;
};

}  // namespace studyctl
