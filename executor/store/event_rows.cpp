#include "store/event_rows.h"

#include <map>
#include <set>
#include <string>

#include "base/text.h"
#include "store/schema.h"

namespace studyctl {
namespace {

// What `events.kind` holds; never renumbered.
enum class Kind : int64_t {
  GenerationOpened = 1,
  AttemptIntended = 2,
  AttemptStarting = 3,
  AttemptRunning = 4,
  AttemptStopping = 5,
  AttemptEnded = 6,
  RepetitionReset = 7,
  RunStateChanged = 8,
  CommandAccepted = 9,
  CooldownBegan = 10,
  ThresholdRebased = 11,
  ExperimentCarried = 12,
  CyclesChanged = 13,
  RepetitionAdded = 14,
  RepetitionSkipped = 15,
  RepetitionCached = 16,
  PilotEnded = 17,
};

// Nothing for what is empty or 0.
template <class T>
std::optional<T> if_any(T value) {
  return value == T{} ? std::nullopt : std::optional(std::move(value));
}

// One statement a kind, each with the columns that its fact has.
class EventWriter {
 public:
  EventWriter(Sqlite& studies, int64_t row, Instant at) : studies_(studies), row_(row), at_(at) {}

  void operator()(const GenerationOpened& fact) {
    studies_.run("INSERT INTO events (id, at, kind, generation, experiment, cycle) VALUES (?, ?, 1, ?, ?, ?)",
                 row_, at_, fact.generation, fact.experiments, fact.cycles);
  }
  void operator()(const AttemptIntended& fact) {
    of_attempt(
        "INSERT INTO events (id, at, generation, experiment, cycle, attempt, kind, text) "
        "VALUES (?, ?, ?, ?, ?, ?, 2, ?)",
        fact.key, fact.cpus);
  }
  void operator()(const AttemptStarting& fact) {
    of_attempt(
        "INSERT INTO events (id, at, generation, experiment, cycle, attempt, kind, text, more, list) "
        "VALUES (?, ?, ?, ?, ?, ?, 3, ?, ?, ?)",
        fact.key, fact.container, fact.image_digest, fact.devices);
  }
  void operator()(const AttemptRunning& fact) {
    of_attempt(
        "INSERT INTO events (id, at, generation, experiment, cycle, attempt, kind, number) "
        "VALUES (?, ?, ?, ?, ?, ?, 4, ?)",
        fact.key, fact.started_at);
  }
  void operator()(const AttemptStopping& fact) {
    of_attempt(
        "INSERT INTO events (id, at, generation, experiment, cycle, attempt, kind, reason, text) "
        "VALUES (?, ?, ?, ?, ?, ?, 5, ?, ?)",
        fact.key, name_of(fact.reason), fact.message);
  }
  void operator()(const AttemptEnded& fact) {
    of_attempt(
        "INSERT INTO events (id, at, generation, experiment, cycle, attempt, kind, reason, state, counted, "
        "backoff, number, duration, text, list, more, memory, timeout) "
        "VALUES (?, ?, ?, ?, ?, ?, 6, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        fact.key, name_of(fact.reason), name_of(fact.verdict), fact.counted, fact.backoff, fact.exit_code,
        fact.duration, fact.message, fact.warnings, if_any(join(fact.conditions.flags, ",")),
        if_any(fact.grown.memory_bytes), if_any(fact.grown.run_timeout));
    if (!fact.metrics.empty()) write_metrics(studies_, row_, fact.metrics);
  }
  void operator()(const RepetitionReset& fact) {
    studies_.run("INSERT INTO events (id, at, kind, generation, experiment, cycle) VALUES (?, ?, 7, ?, ?, ?)",
                 row_, at_, fact.key.generation, fact.key.index, fact.key.cycle);
  }
  void operator()(const RunStateChanged& fact) {
    studies_.run("INSERT INTO events (id, at, kind, state, text, more) VALUES (?, ?, 8, ?, ?, ?)", row_, at_,
                 name_of(fact.state), fact.message, name_of(fact.then));
  }
  void operator()(const CommandAccepted& fact) {
    studies_.run("INSERT INTO events (id, at, kind, text, more) VALUES (?, ?, 9, ?, ?)", row_, at_, fact.who,
                 fact.command);
  }
  void operator()(const CooldownBegan& fact) {
    studies_.run("INSERT INTO events (id, at, kind, duration, number, list) VALUES (?, ?, 10, ?, ?, ?)", row_,
                 at_, fact.length, fact.between_cycles, if_any(fact.devices));
  }
  void operator()(const ThresholdRebased&) {
    studies_.run("INSERT INTO events (id, at, kind) VALUES (?, ?, 11)", row_, at_);
  }
  void operator()(const ExperimentCarried& fact) {
    studies_.run(
        "INSERT INTO events (id, at, kind, generation, experiment, cycle, number) VALUES (?, ?, 12, ?, ?, ?, "
        "?)",
        row_, at_, fact.generation, fact.index, fact.cycles, fact.to);
  }
  void operator()(const CyclesChanged& fact) {
    studies_.run("INSERT INTO events (id, at, kind, cycle) VALUES (?, ?, 13, ?)", row_, at_, fact.cycles);
  }
  void operator()(const RepetitionAdded& fact) {
    studies_.run(
        "INSERT INTO events (id, at, kind, generation, experiment, cycle) VALUES (?, ?, 14, ?, ?, ?)", row_,
        at_, fact.key.generation, fact.key.index, fact.key.cycle);
  }
  void operator()(const RepetitionSkipped& fact) {
    studies_.run(
        "INSERT INTO events (id, at, kind, generation, experiment, cycle, text, more) "
        "VALUES (?, ?, 15, ?, ?, ?, ?, ?)",
        row_, at_, fact.key.generation, fact.key.index, fact.key.cycle, fact.who, fact.why);
  }
  void operator()(const RepetitionCached& fact) {
    of_attempt(
        "INSERT INTO events (id, at, generation, experiment, cycle, attempt, kind, text, more, list, number, "
        "duration) VALUES (?, ?, ?, ?, ?, ?, 16, ?, ?, ?, ?, ?)",
        fact.key, fact.run, fact.image_digest, fact.devices, fact.started_at, fact.duration);
    if (!fact.metrics.empty()) write_metrics(studies_, row_, fact.metrics);
  }
  void operator()(const PilotEnded&) {
    studies_.run("INSERT INTO events (id, at, kind) VALUES (?, ?, 17)", row_, at_);
  }

 private:
  template <class... Values>
  void of_attempt(std::string_view sql, const AttemptKey& key, const Values&... values) {
    studies_.run(sql, row_, at_, key.repetition.generation, key.repetition.index, key.repetition.cycle,
                 key.attempt, values...);
  }

  Sqlite& studies_;
  int64_t row_;
  Instant at_;
};

// The columns of the SELECT in read_events().
enum Column {
  kId,
  kAt,
  kKind,
  kGeneration,
  kExperiment,
  kCycle,
  kAttempt,
  kReason,
  kState,
  kCounted,
  kNumber,
  kDuration,
  kBackoff,
  kText,
  kMore,
  kList,
  kMemory,
  kTimeout
};

RepetitionKey repetition_key(const Rows& row) {
  return {static_cast<uint32_t>(row.integer(kGeneration)), static_cast<uint64_t>(row.integer(kExperiment)),
          static_cast<uint32_t>(row.integer(kCycle))};
}

AttemptKey attempt_key(const Rows& row) {
  return {repetition_key(row), static_cast<uint32_t>(row.integer(kAttempt))};
}

void read_end(const Rows& row, AttemptEnded& fact) {
  fact.key = attempt_key(row);
  fact.reason = reason_named(row.text(kReason)).value_or(Reason::Error);
  fact.verdict = verdict_named(row.text(kState)).value_or(Verdict::Failed);
  fact.counted = row.integer(kCounted) != 0;
  fact.backoff = Duration(row.integer(kBackoff));
  fact.exit_code = static_cast<int>(row.integer(kNumber));
  fact.duration = Duration(row.integer(kDuration));
  fact.message = row.text(kText);
  fact.warnings = row.list(kList);
  fact.conditions = {};
  if (!row.is_null(kMore)) fact.conditions.flags = split(row.text(kMore), ',');
  fact.grown = {row.integer(kMemory), Duration(row.integer(kTimeout))};
}

// In place: there are millions. False: its kind is unknown.
bool read_fact(const Rows& row, Fact& fact) {
  switch (static_cast<Kind>(row.integer(kKind))) {
    case Kind::GenerationOpened: {
      const RepetitionKey key = repetition_key(row);
      fact = GenerationOpened{key.generation, key.index, key.cycle};
      return true;
    }
    case Kind::AttemptIntended: fact = AttemptIntended{attempt_key(row), row.string(kText)}; return true;
    case Kind::AttemptStarting:
      fact = AttemptStarting{attempt_key(row), row.string(kText), row.string(kMore), row.list(kList)};
      return true;
    case Kind::AttemptRunning: fact = AttemptRunning{attempt_key(row), row.instant(kNumber)}; return true;
    case Kind::AttemptStopping:
      fact = AttemptStopping{attempt_key(row), reason_named(row.text(kReason)).value_or(Reason::Error),
                             row.string(kText)};
      return true;
    case Kind::AttemptEnded: read_end(row, fact.emplace<AttemptEnded>()); return true;
    case Kind::RepetitionReset: fact = RepetitionReset{repetition_key(row)}; return true;
    case Kind::RunStateChanged:
      fact = RunStateChanged{run_state_named(row.text(kState)).value_or(RunState::Interrupted),
                             row.string(kText), run_state_named(row.text(kMore)).value_or(RunState::Stopped)};
      return true;
    case Kind::CommandAccepted: fact = CommandAccepted{row.string(kText), row.string(kMore)}; return true;
    case Kind::CooldownBegan:
      fact = CooldownBegan{Duration(row.integer(kDuration)), row.integer(kNumber) != 0, row.list(kList)};
      return true;
    case Kind::ThresholdRebased: fact = ThresholdRebased{}; return true;
    case Kind::ExperimentCarried: {
      const RepetitionKey key = repetition_key(row);
      fact = ExperimentCarried{key.generation, key.index, static_cast<uint64_t>(row.integer(kNumber)),
                               key.cycle};
      return true;
    }
    case Kind::CyclesChanged: fact = CyclesChanged{repetition_key(row).cycle}; return true;
    case Kind::RepetitionAdded: fact = RepetitionAdded{repetition_key(row)}; return true;
    case Kind::RepetitionSkipped:
      fact = RepetitionSkipped{repetition_key(row), row.string(kText), row.string(kMore)};
      return true;
    case Kind::RepetitionCached:
      fact = RepetitionCached{attempt_key(row),
                              row.string(kText),
                              row.instant(kNumber),
                              Duration(row.integer(kDuration)),
                              row.string(kMore),
                              row.list(kList),
                              {}};
      return true;
    case Kind::PilotEnded: fact = PilotEnded{}; return true;
  }
  return false;
}

std::vector<MetricValue>* metrics_of(Fact& fact) {
  if (auto* end = std::get_if<AttemptEnded>(&fact)) return &end->metrics;
  auto* cached = std::get_if<RepetitionCached>(&fact);
  return cached ? &cached->metrics : nullptr;
}

// Then one attempt may be known under several keys.
bool plan_has_changed(Sqlite& studies, int64_t run) {
  Rows row = studies.query("SELECT changes FROM runs WHERE id = ?", run);
  return row.next() && row.integer(0) > 0;
}

// The row of the first event of those attempts that had not ended with event `known`; beyond it where there
// are none. Found from the end backwards: they began of late.
int64_t first_unended(Sqlite& studies, int64_t run, uint64_t known) {
  Rows active = studies.query("SELECT starting + running FROM runs WHERE id = ?", run);
  int64_t wanted = active.next() ? active.integer(0) : 0;
  Rows rows = studies.query(
      "SELECT id, kind, generation, experiment, cycle FROM events WHERE id BETWEEN ? AND ? "
      "AND kind IN (2, 6) ORDER BY id DESC",
      event_row(run, 0), event_row(run + 1, 0) - 1);
  std::map<RepetitionKey, bool> ended;  // whose intent is still to come; true: they had not ended by then
  while (rows.next()) {
    const bool is_known = seq_of_row(rows.integer(0)) <= known;
    if (is_known && wanted == 0) return rows.integer(0) + 1;
    const RepetitionKey key{static_cast<uint32_t>(rows.integer(2)), static_cast<uint64_t>(rows.integer(3)),
                            static_cast<uint32_t>(rows.integer(4))};
    if (static_cast<Kind>(rows.integer(1)) == Kind::AttemptEnded) {
      ended[key] = !is_known;
      if (!is_known) ++wanted;
    } else if (const auto end = ended.extract(key); !end || end.mapped()) {
      --wanted;
    }
  }
  return event_row(run, 0);
}

}  // namespace

void write_event(Sqlite& studies, int64_t run, const Event& event) {
  std::visit(EventWriter(studies, event_row(run, event.seq), event.at), event.fact);
}

void write_metrics(Sqlite& studies, int64_t event, const std::vector<MetricValue>& metrics) {
  studies.run("DELETE FROM metrics WHERE event = ?", event);
  int position = 0;
  for (const MetricValue& metric : metrics)
    studies.run("INSERT INTO metrics (event, position, name, value, unit) VALUES (?, ?, ?, ?, ?)", event,
                position++, metric.name, metric.value, metric.unit);
}

void read_events(Sqlite& studies, int64_t run, uint64_t known,
                 const std::function<void(const Event&)>& visit) {
  const int64_t first = event_row(run, 0);
  const int64_t last = event_row(run + 1, 0) - 1;
  const int64_t whole_from =
      known == 0 || plan_has_changed(studies, run) ? first : first_unended(studies, run, known);
  Rows rows = studies.query(
      "SELECT id, at, kind, generation, experiment, cycle, attempt, reason, state, counted, number, "
      "duration, backoff, text, more, list, memory, timeout FROM events WHERE id BETWEEN ? AND ? "
      "AND (kind NOT IN (2, 3, 4, 5) OR id >= ?) ORDER BY id",
      first, last, whole_from);
  // Walked beside the events: both lie in order of their rows.
  Rows metrics = studies.query(
      "SELECT event, name, value, unit FROM metrics WHERE event BETWEEN ? AND ? ORDER BY event, position",
      event_row(run, known + 1), last);
  bool more_metrics = metrics.next();
  std::set<RepetitionKey> begun;  // those whose attempt was told from its intent on
  Event event;
  while (rows.next()) {
    const int64_t id = rows.integer(kId);
    event.seq = seq_of_row(id);
    event.at = rows.instant(kAt);
    const auto kind = static_cast<Kind>(rows.integer(kKind));
    if (kind == Kind::AttemptIntended) begun.insert(repetition_key(rows));
    if (kind == Kind::AttemptEnded) begun.erase(repetition_key(rows));
    const bool goes_on = kind > Kind::AttemptIntended && kind < Kind::AttemptEnded;
    if (goes_on && whole_from > first && !begun.contains(repetition_key(rows))) continue;
    if (!read_fact(rows, event.fact))
      return studies.fail(
          {ErrorCode::Internal, "studies.db: an event of unknown kind " + rows.string(kKind)});
    if (std::vector<MetricValue>* values = metrics_of(event.fact)) {
      for (; more_metrics && metrics.integer(0) <= id; more_metrics = metrics.next())
        if (metrics.integer(0) == id)
          values->push_back({metrics.string(1), metrics.real(2), metrics.string(3)});
    }
    visit(event);
  }
}

}  // namespace studyctl
