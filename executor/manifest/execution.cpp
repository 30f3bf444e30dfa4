#include <array>
#include <charconv>

#include "manifest/literal.h"
#include "manifest/parts.h"

namespace studyctl {
namespace {

constexpr std::array<std::pair<std::string_view, FailureThreshold::Action>, 3> kThresholdActions = {
    {{"Pause", FailureThreshold::Action::Pause},
     {"Stop", FailureThreshold::Action::Stop},
     {"Cancel", FailureThreshold::Action::Cancel}}};
constexpr std::array<std::pair<std::string_view, RetryAction>, 4> kRetryActions = {
    {{"Retry", RetryAction::Retry},
     {"Fail", RetryAction::Fail},
     {"FailStudy", RetryAction::FailStudy},
     {"Infeasible", RetryAction::Infeasible}}};

void read_temperature(Fields& fields, Cooldown& cooldown) {
  if (fields.find("gpuTemperatureBelow"))
    fields.number("gpuTemperatureBelow", cooldown.gpu_temperature_below.emplace(1), 1, 120);
  fields.duration("maxWait", cooldown.max_wait);
  if (fields.find("maxWait") && !cooldown.gpu_temperature_below)
    fields.problem("maxWait", "bounds gpuTemperatureBelow, which is not there; add it");
}

constexpr auto kCooldown = [](auto& io, auto& cooldown) {
  io.duration("experiment", cooldown.experiment);
  io.duration("cycle", cooldown.cycle);
  io.when_read([&](auto& fields) { read_temperature(fields, cooldown); });
  io.when_written([&](auto& out) {
    if (!cooldown.gpu_temperature_below) return;
    out.number("gpuTemperatureBelow", *cooldown.gpu_temperature_below, 1, 120);
    out.duration("maxWait", cooldown.max_wait);
  });
};

constexpr auto kStall = [](auto& io, auto& stall) {
  io.require("after", "say how long it may be quiet");
  io.limit("after", stall.after);
  io.duration("initialDelay", stall.initial_delay);
};

void read_stall(Fields& timeouts, std::optional<Stall>& stall) {
  const auto item = timeouts.find("stalled");
  if (item && item->node->kind == Node::Kind::Map) {
    timeouts.map("stalled", stall, kStall);
  } else {
    timeouts.limit("stalled", stall.emplace().after);
  }
  if (stall->after == Duration(0)) stall.reset();
}

constexpr auto kTimeouts = [](auto& io, auto& timeouts) {
  io.limit("run", timeouts.run);
  io.when_read([&](auto& fields) { read_stall(fields, timeouts.stalled); });
  io.when_written([&](auto& out) { out.map("stalled", timeouts.stalled, kStall); });
  io.limit("pending", timeouts.pending);
  io.limit("study", timeouts.study);
  io.duration("grace", timeouts.grace);
};

// A reason that a rule can be about.
std::optional<Reason> read_reason(Reading& reading, const Item& item) {
  const auto text = read_text(reading.problems, item);
  if (!text) return std::nullopt;
  const auto reason = reason_named(*text);
  const auto is_failure = [](Reason one) { return one != Reason::Completed && one != Reason::Cancelled; };
  if (reason && is_failure(*reason)) return reason;
  std::vector<std::string> names;
  for (size_t i = 0; i < kReasons; ++i) {
    if (is_failure(static_cast<Reason>(i))) names.emplace_back(name_of(static_cast<Reason>(i)));
  }
  reading.problems.add(
      item.node->place, item.path,
      reason ? *text + " is no failure, so no rule is asked; remove it" : unknown_name("", *text, names));
  return std::nullopt;
}

std::optional<int> read_exit_code(Reading& reading, const Item& item) {
  const auto code = read_integer(reading.problems, item, 0, 255);
  return code ? std::optional(static_cast<int>(*code)) : std::nullopt;
}

// How much more the attempts that follow get.
void read_ladder(Fields& fields, RetryRule& rule) {
  fields.number("memoryFactor", rule.memory_factor, 1, 1000);
  fields.number("timeoutFactor", rule.timeout_factor, 1, 1000);
  fields.limit("timeoutMax", rule.timeout_max);
  const auto most = fields.find("memoryMax");
  const auto text = most ? read_quantity(fields.problems(), *most) : std::nullopt;
  const auto bytes = text ? parse_bytes(*text) : Result<int64_t>(0);
  if (!bytes) fields.problem("memoryMax", bytes.error().message);
  if (bytes && *bytes > 0) rule.memory_max = *bytes;
  for (const auto& [bound, factor] :
       {std::pair("memoryMax", "memoryFactor"), {"timeoutMax", "timeoutFactor"}})
    if (fields.find(bound) && !fields.find(factor))
      fields.problem(bound, "bounds " + std::string(factor) + ", which is not there; add it");
}

void check_rule(Fields& fields, const RetryRule& rule) {
  for (const std::string_view name : {"counted", "memoryFactor", "timeoutFactor"})
    if (fields.find(name) && rule.action != RetryAction::Retry && fields.find("action"))
      fields.problem(name, "is for action: Retry alone; remove it");
  const auto is_given = [&](std::string_view name) {
    const auto list = fields.find(name);
    return list && !(list->node->kind == Node::Kind::Sequence && list->node->items.empty());
  };
  if (!fields.is_map() || is_given("logPattern") || is_given("reasons") || is_given("exitCodes")) return;
  fields.problems().add(fields.place(), fields.path(),
                        "matches every failure; give it reasons, exitCodes or logPattern");
}

constexpr auto kRule = [](auto& io, auto& rule) {
  io.items("reasons", rule.reasons, read_reason, [](Reason one) { return Written::text(name_of(one)); });
  io.items("exitCodes", rule.exit_codes, read_exit_code,
           [](int one) { return Written::number(int64_t{one}); });
  io.when_read([&](auto& fields) { read_regex(fields, "logPattern", rule.log_pattern, Groups::None); });
  io.when_written([&](auto& out) { out.text("logPattern", rule.log_pattern); });
  io.require("action", "say what is done: Retry, Fail, FailStudy or Infeasible");
  io.choice("action", rule.action, kRetryActions);
  io.when_read([&](auto& fields) {
    fields.flag("counted", rule.counted);
    check_rule(fields, rule);
  });
  io.when_written([&](auto& out) {
    if (rule.action == RetryAction::Retry) out.flag("counted", rule.counted);
  });
  io.when_read([&](auto& fields) { read_ladder(fields, rule); });
  io.when_written([&](auto& out) {
    if (rule.memory_factor > 1) out.number("memoryFactor", rule.memory_factor, 1, 1000);
    if (rule.memory_max) out.text("memoryMax", memory_text(*rule.memory_max));
    if (rule.timeout_factor > 1) out.number("timeoutFactor", rule.timeout_factor, 1, 1000);
    out.duration("timeoutMax", rule.timeout_max);
  });
};

void check_backoff(Fields& fields, Backoff& backoff) {
  if (backoff.max >= backoff.initial) return;
  if (fields.find("max")) {
    fields.problem("max", "is less than initial; raise it");
  } else {
    backoff.max = backoff.initial;
  }
}

constexpr auto kBackoff = [](auto& io, auto& backoff) {
  io.duration("initial", backoff.initial);
  io.number("factor", backoff.factor, 1, 1000);
  io.duration("max", backoff.max);
  io.when_read([&](auto& fields) { check_backoff(fields, backoff); });
};

constexpr auto kRetry = [](auto& io, auto& policy) {
  io.integer("limit", policy.limit, 0, 1000);
  io.map("backoff", policy.backoff, kBackoff);
  io.list("rules", policy.rules, kRule);
};

// "2%": 2. Nothing for what is no percentage.
std::optional<double> percent_of(const std::string& text) {
  double percent = -1;
  const char* end = text.data() + text.size() - 1;
  if (!text.ends_with('%')) return std::nullopt;
  const auto parsed = std::from_chars(text.data(), end, percent, std::chars_format::fixed);
  if (parsed.ec != std::errc() || parsed.ptr != end || percent < 0 || percent > 100) return std::nullopt;
  return percent;
}

void read_max_failed(Fields& fields, FailureThreshold& threshold) {
  const auto item = fields.require("maxFailed", "say how many failures are tolerated: 5 or \"10%\"");
  if (!item) return;
  const std::string& text = item->node->text;
  if (!item->node->is_scalar() || !text.ends_with('%')) {
    fields.integer("maxFailed", threshold.max_failed, 0);
    return;
  }
  threshold.max_failed_percent = percent_of(text);
  if (!threshold.max_failed_percent)
    fields.problem("maxFailed", "must be a count, or 0% to 100%, is " + shortened(text));
}

void read_width(Fields& fields, double& width) {
  const auto item = fields.require("ciWidth", "say how wide the interval may be, both sides together: 2%");
  const auto percent = item && item->node->is_scalar() ? percent_of(item->node->text) : std::nullopt;
  if (percent && *percent > 0) {
    width = *percent / 100;
  } else if (item) {
    fields.problem("ciWidth",
                   "must be a percentage above 0% and up to 100%, is " + shortened(item->node->text));
  }
}

constexpr auto kRepeatUntil = [](auto& io, auto& repeat) {
  io.require("metric", "say which one is to be certain");
  io.text("metric", repeat.metric);
  io.when_read([&](auto& fields) { read_width(fields, repeat.width); });
  io.when_written([&](auto& out) { out.text("ciWidth", canonical_number(repeat.width * 100) + "%"); });
  io.require("maxCycles", "say where it ends in any case");
  io.integer("maxCycles", repeat.max_cycles, 5, 1'000'000);
};

constexpr auto kBudget = [](auto& io, auto& budget) {
  io.require("gpuHours", "say how many hours of how many GPUs");
  io.number("gpuHours", budget.gpu_hours, 0.000001, 1e9);
};

void check_cycles(Fields& fields, const Execution& execution) {
  if (execution.repeat_until && execution.repeat_until->max_cycles < execution.cycles)
    fields.problem("cycles", "is more than repeatUntil.maxCycles; lower it");
}

std::optional<std::string> read_group(Reading& reading, const Item& item) {
  auto text = read_text(reading.problems, item);
  if (!text || !check_parameter_name(reading, item.node->place, item.path, *text)) return std::nullopt;
  reading.uses.push_back({*text, item.node->place, item.path});
  return text;
}

constexpr auto kThreshold = [](auto& io, auto& threshold) {
  io.when_read([&](auto& fields) { read_max_failed(fields, threshold); });
  io.when_written([&](auto& out) {
    if (threshold.max_failed) out.integer("maxFailed", *threshold.max_failed, 0);
    if (threshold.max_failed_percent)
      out.text("maxFailed", canonical_number(*threshold.max_failed_percent) + "%");
  });
  io.items("groupBy", threshold.group_by, read_group, Written::text);
  io.integer("minSamples", threshold.min_samples, 0);
  io.choice("action", threshold.action, kThresholdActions);
};

// The names of parameters that a pilot is chosen by; they are looked at with all others.
void check_pilot(Fields& fields, const Pilot& pilot) {
  Reading& reading = fields.reading();
  const bool selects = pilot.first == 0 && fields.has_text("of");
  const int ways = (pilot.count > 0 ? 1 : 0) + (pilot.first > 0 ? 1 : 0) + (pilot.one_per.empty() ? 0 : 1) +
                   (selects ? 1 : 0);
  if (ways != 1)
    reading.problems.add(
        fields.place(), fields.path(),
        "wants one of {count: 4}, {first: 5, of: molecule}, {onePer: [backend]} and {of: molecule=water}");
  if (pilot.first > 0 && !fields.has_text("of"))
    fields.problem("first", "wants of: {first: 5, of: molecule}");
  // A selector is looked at once there is a plan.
  if (const auto of = fields.find("of"); of && !selects) (void)read_group(reading, *of);
}

constexpr auto kPilot = [](auto& io, auto& pilot) {
  io.when_read([&](auto& fields) {
    fields.integer("count", pilot.count, 1);
    fields.integer("first", pilot.first, 1);
  });
  io.when_written([&](auto& out) {
    if (pilot.count > 0) out.integer("count", pilot.count, 1);
    if (pilot.first > 0) out.integer("first", pilot.first, 1);
  });
  io.text("of", pilot.of);
  io.items("onePer", pilot.one_per, read_group, Written::text);
  io.when_read([&](auto& fields) { check_pilot(fields, pilot); });
};

// What waits for a device to cool has not started yet.
void check_waits(const Fields& fields, const Execution& execution) {
  const Cooldown& cooldown = execution.cooldown;
  const Duration longest =
      std::max(cooldown.experiment, cooldown.gpu_temperature_below ? cooldown.max_wait : Duration(0));
  if (execution.timeouts.pending && longest > Duration(0) && *execution.timeouts.pending <= longest)
    fields.problem("timeouts",
                   "pending must be longer than a device may cool down: " + format_duration(longest));
}

constexpr std::array<std::pair<std::string_view, Preemption>, 3> kPreemptions = {
    {{"AtBoundary", Preemption::AtBoundary}, {"Requeue", Preemption::Requeue}, {"Never", Preemption::Never}}};

constexpr auto kGpu = [](auto& io, auto& execution) { io.flag("requireIdle", execution.gpu_require_idle); };

constexpr auto kCommands = [](auto& io, auto& commands) {
  io.text("setup", commands.setup);
  io.texts("inheritEnv", commands.inherit_env);
  io.texts("wrapper", commands.wrapper);
};

void check_namespaces(const Fields& fields, const ProcessOptions& process) {
  bool has_mount = false;
  for (const std::string& name : process.namespaces) {
    has_mount |= name == "mount";
    if (name != "mount" && name != "pid" && name != "net")
      return fields.problem("namespaces", "has '" + printable(name) + "'; there are mount, pid and net");
  }
  if (has_mount && !process.wrapper.empty())
    fields.problem("namespaces", "has mount, and a wrapper makes the mounts itself; leave one of them out");
}

constexpr auto kProcess = [](auto& io, auto& process) {
  kCommands(io, process);
  io.texts("namespaces", process.namespaces);
  io.when_read([&](auto& fields) { check_namespaces(fields, process); });
};

constexpr auto kSlurm = [](auto& io, auto& slurm) {
  io.when_read([&](auto& fields) { fields.choice("mode", slurm.mode, kSlurmModes); });
  io.when_written([&](auto& out) {
    if (slurm.mode != SlurmMode::Auto) out.choice("mode", slurm.mode, kSlurmModes);
  });
  io.text("partition", slurm.partition);
  io.text("account", slurm.account);
  io.text("qos", slurm.qos);
  io.text("constraint", slurm.constraint);
  io.texts("extraArgs", slurm.extra_arguments);
  kCommands(io, slurm.commands);
};

constexpr auto kKubernetes = [](auto& io, auto& kubernetes) {
  io.text("namespace", kubernetes.namespace_name);
  io.text("context", kubernetes.context);
};

constexpr auto kExecution = [](auto& io, auto& execution) {
  io.choice("engine", execution.engine, kEngineKinds);
  io.integer("cycles", execution.cycles, 1, 1'000'000);
  io.choice("order", execution.order, kOrders);
  io.integer("seed", execution.seed, 0);
  io.integer("parallelism", execution.parallelism, 1, 100'000);
  io.integer("limit", execution.limit, 1);
  io.limit("expectedDuration", execution.expected_duration);
  io.map("cooldown", execution.cooldown, kCooldown);
  io.map("timeouts", execution.timeouts, kTimeouts);
  io.when_read([&](auto& fields) { check_waits(fields, execution); });
  io.map("retry", execution.retry, kRetry);
  io.map("failureThreshold", execution.threshold, kThreshold);
  io.flag("pinCpus", execution.pin_cpus);
  io.map("repeatUntil", execution.repeat_until, kRepeatUntil);
  io.when_read([&](auto& fields) { check_cycles(fields, execution); });
  io.map("budget", execution.budget, kBudget);
  io.map("pilot", execution.pilot, kPilot);
  io.integer("priority", execution.priority, -1'000'000, 1'000'000);
  io.choice("preemption", execution.preemption, kPreemptions);
  io.map("gpu", execution, kGpu);
  io.flag("coldStart", execution.cold_start);
  io.map("slurm", execution.slurm, kSlurm);
  io.map("kubernetes", execution.kubernetes, kKubernetes);
  io.map("process", execution.process, kProcess);
  io.refuse("backoffLimit", "belongs to retry; write retry: {limit: 2}");
};

constexpr auto kTimeoutChanges = [](auto& io, auto& to) {
  io.limit("run", to.run);
  io.when_read([&](auto& fields) {
    if (fields.find("stalled")) read_stall(fields, to.stalled);
  });
  io.when_written([&](auto& out) { out.map("stalled", to.stalled, kStall); });
  io.limit("pending", to.pending);
  io.duration("grace", to.grace);
  io.refuse("study", "is one for all experiments; set it under spec.execution.timeouts");
};

constexpr auto kExecutionChanges = [](auto& io, auto& to) {
  io.map("timeouts", to, kTimeoutChanges);
  io.map("retry", to, [](auto& inner, auto& of) {
    inner.integer("limit", of.retry_limit, 0, 1000);
    inner.refuse(std::array<std::string_view, 2>{"backoff", "rules"},
                 "is the same for all experiments; set it under spec.execution.retry");
  });
};

}  // namespace

void read_execution_changes(Fields& fields, Override& to) {
  kExecutionChanges(fields, to);
}

void write_execution_changes(FieldWriter& out, const Override& from) {
  kExecutionChanges(out, from);
}

void read_execution(Fields& spec, Execution& execution) {
  spec.map("execution", execution, kExecution);
}

Written written_execution(const Execution& execution) {
  FieldWriter out;
  kExecution(out, execution);
  return out.take();
}

}  // namespace studyctl
