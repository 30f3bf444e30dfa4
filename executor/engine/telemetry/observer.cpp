#include "engine/telemetry/observer.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace studyctl {
namespace {

// How much of the machine others may use before a measurement counts as disturbed.
constexpr double kToleratedCores = 0.5;
constexpr double kToleratedShare = 0.1;
// From when on it can be told. The kernel counts a machine's time in ticks of 10 ms, and whoever starts and
// ends an attempt works too: over a few milliseconds, both come to more cores than there are.
constexpr double kTellsStrangersFrom = 1;  // s
// As old as a look may be that an attempt begins with: where many begin at once, one look serves them all.
constexpr std::chrono::milliseconds kFresh{100};
// It holds down the clock of a GPU at full load by design; only on record.
constexpr std::string_view kPowerCap = "power cap";

template <typename Value>
void raise(std::optional<Value>& most, const std::optional<Value>& value) {
  if (value) most = std::max(most.value_or(*value), *value);
}

const GpuReading* find(const std::vector<GpuReading>& gpus, const std::string& id) {
  const auto found =
      std::find_if(gpus.begin(), gpus.end(), [&](const GpuReading& gpu) { return gpu.id == id; });
  return found == gpus.end() ? nullptr : &*found;
}

std::optional<double> joules_between(const std::vector<EnergyCounter>& before,
                                     const std::vector<EnergyCounter>& after) {
  if (before.empty() || before.size() != after.size()) return std::nullopt;
  double joules = 0;
  for (size_t i = 0; i < after.size(); ++i) {
    const double passed = after[i].joules - before[i].joules;
    joules += passed < 0 ? passed + after[i].wraps_at : passed;
  }
  return joules;
}

std::string in_words(const char* format, double number) {
  char text[96];
  std::snprintf(text, sizeof text, format, number);
  return text;
}

}  // namespace

void MachineObserver::Mean::add(std::optional<double> value, double over) {
  if (!value) return;
  sum += *value * over;
  seconds += over;
}

std::optional<double> MachineObserver::Mean::value() const {
  return seconds > 0 ? std::optional(sum / seconds) : std::nullopt;
}

MachineObserver::MachineObserver(const Clock& clock, HostPlaces places, Read read)
    : clock_(clock), places_(std::move(places)), read_(std::move(read)) {}

void MachineObserver::begin(const AttemptId& attempt, int pid, std::vector<std::string> gpus,
                            Account account) {
  const bool is_fresh = gpus.empty() && clock_.steady() - last_at_ < kFresh;  // a GPU's energy is its own
  if (watched_.empty()) {
    last_ = read_();
    last_at_ = clock_.steady();
  } else if (!is_fresh) {
    sample();
  }
  Watched watched;
  watched.pid = pid;
  watched.account = account;
  watched.groups = groups_of(pid, places_);
  const std::optional<double> used = used_by(watched);
  watched.is_accounted = used.has_value();
  watched.own_seconds = used.value_or(0);
  watched.gpus.resize(gpus.size());
  for (std::string& gpu : gpus) watched.conditions.gpus.emplace_back().id = std::move(gpu);
  watched_.insert_or_assign(attempt, std::move(watched));
}

std::optional<double> MachineObserver::used_by(const Watched& watched) const {
  return watched.account == Account::Group ? cpu_seconds_of_groups(watched.groups, places_)
                                           : cpu_seconds_of_tree(watched.pid, places_);
}

void MachineObserver::sample() {
  const Steady now = clock_.steady();
  const double seconds = std::chrono::duration<double>(now - last_at_).count();
  if (watched_.empty() || seconds <= 0) return;
  const MachineReading reading = read_();
  double own = 0;
  bool tells_strangers = !one_has_ended_;
  for (auto& [attempt, watched] : watched_) {
    const double so_far = used_by(watched).value_or(watched.own_seconds);
    const double used = std::max(0.0, so_far - watched.own_seconds);
    watched.own_seconds = so_far;
    const bool has_group = watched.account == Account::Group;
    if (const auto kills = has_group ? oom_kills_of_groups(watched.groups, places_) : std::nullopt)
      watched.conditions.oom_kills = *kills;
    watched.own.add(used / seconds, seconds);
    own += used;
    tells_strangers &= watched.is_accounted;
  }
  const double strangers = std::max(0.0, reading.host.busy_seconds - last_.host.busy_seconds - own);
  for (auto& [attempt, watched] : watched_) {
    if (tells_strangers) watched.strangers.add(strangers / seconds, seconds);
    fold(watched, reading, seconds);
  }
  one_has_ended_ = false;
  last_ = reading;
  last_at_ = now;
}

void MachineObserver::fold(Watched& watched, const MachineReading& now, double seconds) {
  Conditions& conditions = watched.conditions;
  ++conditions.samples;
  watched.megahertz.add(now.host.cpu_mhz, seconds);
  raise(conditions.temperature_max, now.host.temperature);
  const uint64_t before = last_.host.throttles.value_or(0);
  conditions.throttles += std::max(now.host.throttles.value_or(0), before) - before;
  if (const auto joules = joules_between(last_.host.energy, now.host.energy))
    conditions.energy = conditions.energy.value_or(0) + *joules;
  for (size_t place = 0; place < conditions.gpus.size(); ++place) {
    if (const GpuReading* reading = find(now.gpus, conditions.gpus[place].id))
      fold_gpu(watched, place, *reading, seconds);
  }
}

void MachineObserver::fold_gpu(Watched& watched, size_t place, const GpuReading& now, double seconds) {
  GpuConditions& gpu = watched.conditions.gpus[place];
  GpuMeans& means = watched.gpus[place];
  means.power.add(now.power, seconds);
  means.clock.add(now.clock, seconds);
  means.utilization.add(now.utilization, seconds);
  raise(gpu.temperature_max, now.temperature);
  if (now.clock) gpu.clock_min = std::min(gpu.clock_min.value_or(*now.clock), *now.clock);
  for (const std::string& reason : now.throttled_by) {
    auto& seen = gpu.throttled_by;
    if (std::find(seen.begin(), seen.end(), reason) == seen.end()) seen.push_back(reason);
  }
  if (const GpuReading* before = find(last_.gpus, gpu.id)) {
    if (now.energy && before->energy) gpu.energy = gpu.energy.value_or(0) + *now.energy - *before->energy;
    const uint64_t errors = before->ecc_errors.value_or(0);
    gpu.ecc_errors += std::max(now.ecc_errors.value_or(0), errors) - errors;
  }
  for (const GpuProcess& process : now.processes)
    watched.shared_gpu |= groups_of(process.pid, places_) != watched.groups;
}

Conditions MachineObserver::end(const AttemptId& attempt) {
  auto node = watched_.extract(attempt);
  if (node.empty()) return {};
  one_has_ended_ = true;
  Watched& watched = node.mapped();
  Conditions& conditions = watched.conditions;
  if (conditions.samples == 0) return {};
  conditions.own_cores = watched.own.value().value_or(0);
  if (watched.strangers.seconds >= kTellsStrangersFrom)
    conditions.strangers_cores = watched.strangers.value().value_or(0);
  conditions.cpu_mhz_mean = watched.megahertz.value();
  const double tolerated =
      std::max(kToleratedCores, kToleratedShare * static_cast<double>(sysconf(_SC_NPROCESSORS_ONLN)));
  auto& disturbances = conditions.disturbances;
  if (conditions.strangers_cores > tolerated)
    disturbances.push_back(in_words("%.1f cores were busy with other work", conditions.strangers_cores));
  if (watched.shared_gpu) disturbances.emplace_back("another process computed on its GPU");
  if (!disturbances.empty()) conditions.flags.emplace_back("disturbed");
  const size_t strange = disturbances.size();
  if (conditions.throttles > 0) disturbances.emplace_back("throttled: the CPU was slowed for its heat");
  for (size_t place = 0; place < conditions.gpus.size(); ++place) {
    GpuConditions& gpu = conditions.gpus[place];
    gpu.power_mean = watched.gpus[place].power.value();
    gpu.clock_mean = watched.gpus[place].clock.value();
    gpu.utilization_mean = watched.gpus[place].utilization.value();
    for (const std::string& reason : gpu.throttled_by)
      if (reason != kPowerCap) disturbances.push_back("throttled: " + gpu.id + " " + reason);
  }
  if (disturbances.size() > strange) conditions.flags.emplace_back("throttled");
  return std::move(conditions);
}

}  // namespace studyctl
