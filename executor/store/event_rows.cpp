#include "store/event_rows.h"

#include <cmath>
#include <limits>
#include <string>

#include "store/schema.h"
#include "store/text_list.h"

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
};

Instant instant(int64_t milliseconds) {
  return Instant(Duration(milliseconds));
}

int64_t milliseconds(Instant at) {
  return at.time_since_epoch().count();
}

// One statement a kind, each with the columns that its fact has.
class EventWriter {
 public:
  EventWriter(Sqlite& studies, int64_t row, Instant at)
      : studies_(studies), row_(row), at_(milliseconds(at)) {}

  Result<void> operator()(const GenerationOpened& fact) {
    return studies_.run(
        "INSERT INTO events (id, at, kind, generation, experiment, cycle) VALUES (?, ?, 1, ?, ?, ?)", row_,
        at_, fact.generation, fact.experiments, fact.cycles);
  }
  Result<void> operator()(const AttemptIntended& fact) {
    return of_attempt(
        "INSERT INTO events (id, at, generation, experiment, cycle, attempt, kind, text) "
        "VALUES (?, ?, ?, ?, ?, ?, 2, ?)",
        fact.key, fact.cpus);
  }
  Result<void> operator()(const AttemptStarting& fact) {
    return of_attempt(
        "INSERT INTO events (id, at, generation, experiment, cycle, attempt, kind, text, more, list) "
        "VALUES (?, ?, ?, ?, ?, ?, 3, ?, ?, ?)",
        fact.key, fact.container, fact.image_digest, list(fact.devices));
  }
  Result<void> operator()(const AttemptRunning& fact) {
    return of_attempt(
        "INSERT INTO events (id, at, generation, experiment, cycle, attempt, kind, number) "
        "VALUES (?, ?, ?, ?, ?, ?, 4, ?)",
        fact.key, milliseconds(fact.started_at));
  }
  Result<void> operator()(const AttemptStopping& fact) {
    return of_attempt(
        "INSERT INTO events (id, at, generation, experiment, cycle, attempt, kind, reason, text) "
        "VALUES (?, ?, ?, ?, ?, ?, 5, ?, ?)",
        fact.key, name_of(fact.reason), fact.message);
  }
  Result<void> operator()(const AttemptEnded& fact) {
    Result<void> done = of_attempt(
        "INSERT INTO events (id, at, generation, experiment, cycle, attempt, kind, reason, state, counted, "
        "backoff, "
        "number, duration, text, list) VALUES (?, ?, ?, ?, ?, ?, 6, ?, ?, ?, ?, ?, ?, ?, ?)",
        fact.key, name_of(fact.reason), name_of(fact.verdict), fact.counted ? 1 : 0, fact.backoff.count(),
        fact.exit_code, fact.duration.count(), fact.message, list(fact.warnings));
    if (!done || fact.metrics.empty()) return done;
    return write_metrics(studies_, row_, fact.metrics);
  }
  Result<void> operator()(const RepetitionReset& fact) {
    return studies_.run(
        "INSERT INTO events (id, at, kind, generation, experiment, cycle) VALUES (?, ?, 7, ?, ?, ?)", row_,
        at_, fact.key.generation, fact.key.index, fact.key.cycle);
  }
  Result<void> operator()(const RunStateChanged& fact) {
    return studies_.run("INSERT INTO events (id, at, kind, state, text, more) VALUES (?, ?, 8, ?, ?, ?)",
                        row_, at_, name_of(fact.state), fact.message, name_of(fact.then));
  }
  Result<void> operator()(const CommandAccepted& fact) {
    return studies_.run("INSERT INTO events (id, at, kind, text, more) VALUES (?, ?, 9, ?, ?)", row_, at_,
                        fact.who, fact.command);
  }
  Result<void> operator()(const CooldownBegan& fact) {
    return studies_.run("INSERT INTO events (id, at, kind, duration, number) VALUES (?, ?, 10, ?, ?)", row_,
                        at_, fact.length.count(), fact.between_cycles ? 1 : 0);
  }
  Result<void> operator()(const ThresholdRebased&) {
    return studies_.run("INSERT INTO events (id, at, kind) VALUES (?, ?, 11)", row_, at_);
  }

 private:
  template <class... Values>
  Result<void> of_attempt(const char* sql, const AttemptKey& key, const Values&... values) {
    return studies_.run(sql, row_, at_, key.repetition.generation, key.repetition.index, key.repetition.cycle,
                        key.attempt, values...);
  }
  static std::optional<std::string> list(const std::vector<std::string>& words) {
    return words.empty() ? std::nullopt : std::optional(list_to_json(words));
  }

  Sqlite& studies_;
  int64_t row_;
  int64_t at_;
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
  kList
};

RepetitionKey repetition_key(const Statement& row) {
  return {static_cast<uint32_t>(row.integer(kGeneration)), static_cast<uint64_t>(row.integer(kExperiment)),
          static_cast<uint32_t>(row.integer(kCycle))};
}

AttemptKey attempt_key(const Statement& row) {
  return {repetition_key(row), static_cast<uint32_t>(row.integer(kAttempt))};
}

std::vector<std::string> list_of(const Statement& row) {
  const std::string_view text = row.text(kList);
  return text.empty() ? std::vector<std::string>() : list_from_json(text);
}

void read_end(const Statement& row, AttemptEnded& fact) {
  fact.key = attempt_key(row);
  fact.reason = reason_named(row.text(kReason)).value_or(Reason::Error);
  fact.verdict = verdict_named(row.text(kState)).value_or(Verdict::Failed);
  fact.counted = row.integer(kCounted) != 0;
  fact.backoff = Duration(row.integer(kBackoff));
  fact.exit_code = static_cast<int>(row.integer(kNumber));
  fact.duration = Duration(row.integer(kDuration));
  fact.message = row.text(kText);
  fact.warnings = list_of(row);
}

// In place: there are millions.
Result<void> read_fact(const Statement& row, Fact& fact) {
  switch (static_cast<Kind>(row.integer(kKind))) {
    case Kind::GenerationOpened: {
      const RepetitionKey key = repetition_key(row);
      fact = GenerationOpened{key.generation, key.index, key.cycle};
      return {};
    }
    case Kind::AttemptIntended: fact = AttemptIntended{attempt_key(row), row.string(kText)}; return {};
    case Kind::AttemptStarting:
      fact = AttemptStarting{attempt_key(row), row.string(kText), row.string(kMore), list_of(row)};
      return {};
    case Kind::AttemptRunning:
      fact = AttemptRunning{attempt_key(row), instant(row.integer(kNumber))};
      return {};
    case Kind::AttemptStopping:
      fact = AttemptStopping{attempt_key(row), reason_named(row.text(kReason)).value_or(Reason::Error),
                             row.string(kText)};
      return {};
    case Kind::AttemptEnded: read_end(row, fact.emplace<AttemptEnded>()); return {};
    case Kind::RepetitionReset: fact = RepetitionReset{repetition_key(row)}; return {};
    case Kind::RunStateChanged:
      fact = RunStateChanged{run_state_named(row.text(kState)).value_or(RunState::Interrupted),
                             row.string(kText), run_state_named(row.text(kMore)).value_or(RunState::Stopped)};
      return {};
    case Kind::CommandAccepted: fact = CommandAccepted{row.string(kText), row.string(kMore)}; return {};
    case Kind::CooldownBegan:
      fact = CooldownBegan{Duration(row.integer(kDuration)), row.integer(kNumber) != 0};
      return {};
    case Kind::ThresholdRebased: fact = ThresholdRebased{}; return {};
  }
  return Error{ErrorCode::Internal,
               "studies.db: an event of unknown kind " + std::to_string(row.integer(kKind))};
}

// Walks the metrics of a run beside its events: both lie in order of their rows.
class MetricRows {
 public:
  static Result<MetricRows> open(Sqlite& studies, int64_t first, int64_t last) {
    Result<Statement> rows = studies.prepare(
        "SELECT event, name, value, unit FROM metrics WHERE event BETWEEN ? AND ? ORDER BY event, position");
    if (!rows) return std::move(rows).error();
    rows->bind_all(first, last);
    Result<bool> more = rows->step();
    if (!more) return std::move(more).error();
    return MetricRows(std::move(*rows), *more);
  }

  Result<void> take(int64_t event, std::vector<MetricValue>& metrics) {
    while (more_ && rows_.integer(0) <= event) {
      constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
      if (rows_.integer(0) == event)
        metrics.push_back({rows_.string(1), rows_.is_null(2) ? kNone : rows_.real(2), rows_.string(3)});
      Result<bool> more = rows_.step();
      if (!more) return std::move(more).error();
      more_ = *more;
    }
    return {};
  }

 private:
  MetricRows(Statement rows, bool more) : rows_(std::move(rows)), more_(more) {}
  Statement rows_;
  bool more_;
};

}  // namespace

Result<void> write_event(Sqlite& studies, int64_t run, const Event& event) {
  return std::visit(EventWriter(studies, event_row(run, event.seq), event.at), event.fact);
}

Result<void> write_metrics(Sqlite& studies, int64_t event, const std::vector<MetricValue>& metrics) {
  if (Result<void> cleared = studies.run("DELETE FROM metrics WHERE event = ?", event); !cleared)
    return cleared;
  int position = 0;
  for (const MetricValue& metric : metrics) {
    const std::optional<double> value = std::isnan(metric.value) ? std::nullopt : std::optional(metric.value);
    Result<void> written =
        studies.run("INSERT INTO metrics (event, position, name, value, unit) VALUES (?, ?, ?, ?, ?)", event,
                    position++, metric.name, value, metric.unit);
    if (!written) return written;
  }
  return {};
}

Result<void> read_events(Sqlite& studies, int64_t run, uint64_t from,
                         const std::function<void(const Event&)>& visit) {
  const int64_t first = event_row(run, from);
  const int64_t last = event_row(run + 1, 0) - 1;
  Result<MetricRows> metrics = MetricRows::open(studies, first, last);
  if (!metrics) return std::move(metrics).error();
  Result<Statement> rows = studies.prepare(
      "SELECT id, at, kind, generation, experiment, cycle, attempt, reason, state, counted, number, "
      "duration, backoff, "
      "text, more, list FROM events WHERE id BETWEEN ? AND ? ORDER BY id");
  if (!rows) return std::move(rows).error();
  rows->bind_all(first, last);
  Event event;
  while (true) {
    Result<bool> more = rows->step();
    if (!more) return std::move(more).error();
    if (!*more) return {};
    const int64_t id = rows->integer(kId);
    event.seq = seq_of_row(id);
    event.at = instant(rows->integer(kAt));
    if (Result<void> read = read_fact(*rows, event.fact); !read) return read;
    if (auto* end = std::get_if<AttemptEnded>(&event.fact))
      if (Result<void> taken = metrics->take(id, end->metrics); !taken) return taken;
    visit(event);
  }
}

}  // namespace studyctl
