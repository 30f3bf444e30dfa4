#include "manifest/execution_reader.h"

#include <array>
#include <charconv>
#include <limits>

#include "manifest/retry_reader.h"

namespace studyctl {
namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

constexpr std::array<Field, 23> kExecutionFields = {
    {{"engine"},
     {"cycles"},
     {"order"},
     {"seed"},
     {"parallelism"},
     {"limit"},
     {"expectedDuration"},
     {"cooldown"},
     {"timeouts"},
     {"retry"},
     {"failureThreshold"},
     {"gpu"},
     {"pinCpus"},
     {"repeatUntil", "is not supported yet by this version (cycles until a metric is certain); use cycles"},
     {"pilot", "is not supported yet by this version (pilots); apply --at-most runs the first few"},
     {"priority", "is not supported yet by this version (the queue of studies)"},
     {"preemption", "is not supported yet by this version (the queue of studies)"},
     {"budget", "is not supported yet by this version (budgets); use timeouts.study"},
     {"coldStart", "is not supported yet by this version (cold starts)"},
     {"slurm", "is not supported yet by this version (engine slurm)"},
     {"kubernetes", "is not supported yet by this version (engine kubernetes)"},
     {"process", "is not supported yet by this version (engine process)"},
     {"backoffLimit", "belongs to retry; write retry: {limit: 2}"}}};
constexpr std::array<Field, 4> kCooldownFields = {
    {{"experiment"},
     {"cycle"},
     {"gpuTemperatureBelow",
      "is not supported yet by this version (cooling down to a temperature); give a time"},
     {"maxWait", "is not supported yet by this version (cooling down to a temperature)"}}};
constexpr std::array<Field, 5> kTimeoutFields = {{{"run"}, {"stalled"}, {"pending"}, {"study"}, {"grace"}}};
constexpr std::array<Field, 2> kStallFields = {{{"after"}, {"initialDelay"}}};
constexpr std::array<Field, 4> kThresholdFields = {{{"maxFailed"}, {"groupBy"}, {"minSamples"}, {"action"}}};
constexpr std::array<Field, 1> kGpuFields = {{{"requireIdle"}}};

constexpr std::array<std::pair<std::string_view, EngineKind>, 3> kEngines = {
    {{"auto", EngineKind::Auto}, {"docker", EngineKind::Docker}, {"podman", EngineKind::Podman}}};
constexpr std::array<std::pair<std::string_view, Order>, 3> kOrders = {
    {{"Sequential", Order::Sequential}, {"Interleaved", Order::Interleaved}, {"Shuffled", Order::Shuffled}}};
constexpr std::array<std::pair<std::string_view, FailureThreshold::Action>, 3> kThresholdActions = {
    {{"Pause", FailureThreshold::Action::Pause},
     {"Stop", FailureThreshold::Action::Stop},
     {"Cancel", FailureThreshold::Action::Cancel}}};

// A word of a later version, said so; else the word that it is.
template <class T>
std::optional<T> choice_or_later(Reading& reading, const Fields& fields, std::string_view name,
                                 std::span<const std::pair<std::string_view, T>> words,
                                 std::span<const std::string_view> later) {
  const auto item = fields.find(name);
  for (const std::string_view word : later) {
    if (!item || !item->node->is_scalar() || item->node->text != word) continue;
    reading.problems.add(item->node->place, item->path, not_yet(std::string(name) + " " + std::string(word)));
    return std::nullopt;
  }
  return fields.choice<T>(name, words);
}

// A duration that is more than 0: of one that is 0 nobody knows whether it means never or at once.
std::optional<Duration> positive(const Fields& fields, std::string_view name) {
  const auto duration = fields.duration(name);
  if (!duration || *duration > Duration(0)) return duration;
  fields.problem(name, "must be more than 0; leave it out for no limit");
  return std::nullopt;
}

Cooldown read_cooldown(Reading& reading, const Item& item) {
  const Fields fields(reading.problems, item, kCooldownFields);
  return {fields.duration("experiment").value_or(Duration(0)),
          fields.duration("cycle").value_or(Duration(0))};
}

std::optional<Stall> read_stall(Reading& reading, const Fields& timeouts) {
  const auto item = timeouts.find("stalled");
  if (!item) return std::nullopt;
  if (item->node->kind != Node::Kind::Map) {
    const auto after = positive(timeouts, "stalled");
    return after ? std::optional(Stall{*after, Duration(0)}) : std::nullopt;
  }
  const Fields fields(reading.problems, *item, kStallFields);
  fields.require("after", "say how long it may be quiet");
  const auto after = positive(fields, "after");
  if (!after) return std::nullopt;
  return Stall{*after, fields.duration("initialDelay").value_or(Duration(0))};
}

void read_timeouts(Reading& reading, const Item& item, Timeouts& timeouts) {
  const Fields fields(reading.problems, item, kTimeoutFields);
  timeouts.run = positive(fields, "run");
  timeouts.stalled = read_stall(reading, fields);
  timeouts.pending = positive(fields, "pending");
  timeouts.study = positive(fields, "study");
  if (const auto grace = fields.duration("grace")) timeouts.grace = *grace;
}

void read_max_failed(Reading& reading, const Item& item, FailureThreshold& threshold) {
  const std::string& text = item.node->text;
  if (!item.node->is_scalar() || !text.ends_with('%')) {
    if (const auto count = read_integer(reading.problems, item, 0, kMost)) {
      threshold.max_failed = static_cast<uint64_t>(*count);
    }
    return;
  }
  double percent = -1;
  const char* end = text.data() + text.size() - 1;
  const auto parsed = std::from_chars(text.data(), end, percent, std::chars_format::fixed);
  if (parsed.ec == std::errc() && parsed.ptr == end && percent >= 0 && percent <= 100) {
    threshold.max_failed_percent = percent;
  } else {
    reading.problems.add(item.node->place, item.path,
                         "must be a count, or 0% to 100%, is " + shortened(text));
  }
}

FailureThreshold read_threshold(Reading& reading, const Item& item) {
  const Fields fields(reading.problems, item, kThresholdFields);
  FailureThreshold threshold;
  if (const auto most = fields.require("maxFailed", "say how many failures are tolerated: 5 or \"10%\"")) {
    read_max_failed(reading, *most, threshold);
  }
  for (const Item& name : fields.list("groupBy")) {
    const auto text = read_text(reading.problems, name);
    if (!text || !check_parameter_name(reading, name.node->place, name.path, *text)) continue;
    threshold.group_by.push_back(*text);
    reading.uses.push_back({*text, name.node->place, name.path});
  }
  threshold.min_samples = static_cast<uint64_t>(fields.integer("minSamples", 0, kMost).value_or(0));
  threshold.action =
      fields.choice<FailureThreshold::Action>("action", kThresholdActions).value_or(threshold.action);
  return threshold;
}

}  // namespace

void read_execution(Reading& reading, const Item& item, Execution& execution) {
  constexpr std::array<std::string_view, 3> kLaterEngines = {"kubernetes", "slurm", "process"};
  constexpr std::array<std::string_view, 1> kLaterOrders = {"ABBA"};
  constexpr int64_t kMostCycles = 1'000'000;
  constexpr int64_t kMostParallel = 100'000;
  const Fields fields(reading.problems, item, kExecutionFields);
  if (!fields.is_map()) return;
  execution.engine = choice_or_later<EngineKind>(reading, fields, "engine", kEngines, kLaterEngines)
                         .value_or(execution.engine);
  execution.cycles = static_cast<uint32_t>(fields.integer("cycles", 1, kMostCycles).value_or(1));
  execution.order =
      choice_or_later<Order>(reading, fields, "order", kOrders, kLaterOrders).value_or(execution.order);
  execution.seed = static_cast<uint64_t>(fields.integer("seed", 0, kMost).value_or(0));
  execution.parallelism = static_cast<int>(fields.integer("parallelism", 1, kMostParallel).value_or(1));
  execution.limit = static_cast<uint64_t>(
      fields.integer("limit", 1, kMost).value_or(static_cast<int64_t>(execution.limit)));
  execution.expected_duration = positive(fields, "expectedDuration");
  if (const auto cooldown = fields.find("cooldown")) execution.cooldown = read_cooldown(reading, *cooldown);
  if (const auto timeouts = fields.find("timeouts")) read_timeouts(reading, *timeouts, execution.timeouts);
  if (const auto retry = fields.find("retry")) execution.retry = read_retry(reading, *retry);
  if (const auto threshold = fields.find("failureThreshold"))
    execution.threshold = read_threshold(reading, *threshold);
  execution.pin_cpus = fields.boolean("pinCpus").value_or(false);
  if (const auto gpu = fields.find("gpu")) {
    const Fields inner(reading.problems, *gpu, kGpuFields);
    execution.require_idle_gpu = inner.boolean("requireIdle").value_or(false);
  }
}

}  // namespace studyctl
