#include <algorithm>
#include <limits>
#include <unordered_map>

#include "store/catalog.h"
#include "store/result_row.h"
#include "store/schema.h"

namespace studyctl {
namespace {

// A repetition that counts, and the event that its metrics hang on.
struct Source {
  int64_t event;
  Measurements::Row row;
};

class MeasurementsReader {
 public:
  MeasurementsReader(Sqlite& studies, int64_t run) : studies_(studies), run_(run) {}

  Measurements read() {
    read_points();
    read_sources();
    read_metrics();
    return std::move(measured_);
  }

 private:
  void read_points() {
    Rows rows = studies_.query(
        "SELECT e.id, e.name, e.parameters, max(coalesce(e.cycles, 0), runs.cycles) FROM runs JOIN "
        "experiments e ON e.run = runs.id AND "
        "e.generation = runs.generation WHERE runs.id = ? ORDER BY e.position",
        run_);
    while (rows.next()) {
      points_.emplace(rows.integer(0), PlannedPoint{static_cast<uint32_t>(measured_.points.size()),
                                                    static_cast<uint32_t>(rows.integer(3))});
      measured_.names.push_back(rows.string(1));
      std::vector<uint32_t> levels;
      for (auto& [name, text] : parameter_texts(rows.string(2))) {
        const uint32_t parameter = parameter_named(name);
        levels.resize(std::max<size_t>(levels.size(), parameter + 1), Measurements::kAbsent);
        auto& known = levels_[parameter];
        const auto [level, is_new] = known.try_emplace(text, static_cast<uint32_t>(known.size()));
        if (is_new) measured_.parameters[parameter].levels.push_back(std::move(text));
        levels[parameter] = level->second;
      }
      measured_.points.push_back(std::move(levels));
    }
  }

  uint32_t parameter_named(const std::string& name) {
    const uint32_t known = measured_.parameter(name);
    if (known != Measurements::kAbsent) return known;
    measured_.parameters.push_back({name, {}});
    levels_.emplace_back();
    return static_cast<uint32_t>(levels_.size() - 1);
  }

  void read_sources() {
    Rows rows = studies_.query(
        "SELECT a.end_event, r.experiment, r.cycle, a.finished_at FROM repetitions r JOIN attempts a "
        "ON a.repetition = r.id AND a.attempt = r.attempt "
        "WHERE r.run = ? AND r.state IN ('Succeeded', 'Cached') AND a.end_event IS NOT NULL",
        run_);
    while (rows.next()) {
      // Those that are still planned, as in results.jsonl.
      const auto point = points_.find(rows.integer(1));
      const auto cycle = static_cast<uint32_t>(rows.integer(2));
      if (point == points_.end() || cycle > point->second.cycles) continue;
      sources_.push_back({rows.integer(0), {point->second.place, cycle, rows.instant(3)}});
    }
    std::sort(sources_.begin(), sources_.end(),
              [](const Source& a, const Source& b) { return a.event < b.event; });
    for (const Source& source : sources_) measured_.rows.push_back(source.row);
  }

  // Walked beside the repetitions: both lie in order of their events.
  void read_metrics() {
    Rows rows = studies_.query(
        "SELECT event, name, value, unit FROM metrics WHERE event BETWEEN ? AND ? ORDER BY event, position",
        event_row(run_, 0), event_row(run_ + 1, 0) - 1);
    size_t row = 0, guess = 0;
    while (rows.next()) {
      const int64_t event = rows.integer(0);
      if (row < sources_.size() && sources_[row].event < event) guess = 0;
      while (row < sources_.size() && sources_[row].event < event) ++row;
      if (row == sources_.size()) return;
      if (sources_[row].event != event || rows.is_null(2)) continue;
      guess = series_named(rows, guess);
      measured_.series[guess++].values[row] = rows.real(2);
    }
  }

  // Metrics come in the same order in most rows: `guess` is looked at first.
  size_t series_named(const Rows& rows, size_t guess) {
    auto& series = measured_.series;
    const std::string_view name = rows.text(1);
    if (guess < series.size() && series[guess].name == name) return guess;
    const auto known =
        std::find_if(series.begin(), series.end(), [&](const auto& one) { return one.name == name; });
    if (known != series.end()) return static_cast<size_t>(known - series.begin());
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    series.push_back(
        {std::string(name), rows.string(3), Metric::Goal::None, std::vector<double>(sources_.size(), kNone)});
    return series.size() - 1;
  }

  Sqlite& studies_;
  int64_t run_;
  Measurements measured_;
  struct PlannedPoint {
    uint32_t place, cycles;
  };
  std::unordered_map<int64_t, PlannedPoint> points_;               // by row of the experiment
  std::vector<std::unordered_map<std::string, uint32_t>> levels_;  // by parameter
  std::vector<Source> sources_;
};

}  // namespace

Result<Measurements> Catalog::measurements(const std::string& run_id) const {
  Measurements measured = MeasurementsReader(*studies_, run_row(run_id).number).read();
  if (Result<void> done = studies_->outcome(); !done) return std::move(done).error();
  return measured;
}

Result<Catalog::Flagged> Catalog::flagged(const std::string& run_id) const {
  Flagged flagged;
  // CROSS JOIN: the few that are flagged first; to find all repetitions of a run takes longer than to pass by
  // all attempts.
  Rows rows = studies_->query(
      "SELECT e.name, r.cycle, a.flags FROM attempts a CROSS JOIN repetitions r ON r.id = a.repetition AND "
      "r.attempt = a.attempt CROSS JOIN experiments e ON e.id = r.experiment CROSS JOIN runs ON runs.id = "
      "e.run AND runs.generation = e.generation WHERE a.flags IS NOT NULL AND r.run = ? AND r.state IN "
      "('Succeeded', 'Cached') AND r.cycle <= max(coalesce(e.cycles, 0), runs.cycles)",
      run_row(run_id).number);
  while (rows.next()) flagged[{rows.string(0), static_cast<uint32_t>(rows.integer(1))}] = rows.list(2);
  return outcome(std::move(flagged));
}

Result<void> Catalog::ran_attempts(const std::string& run_id,
                                   const std::function<void(const RanAttempt&)>& visit) const {
  Rows rows = studies_->query(
      "SELECT e.name, r.cycle, a.attempt, a.state, a.devices, a.started_at, a.finished_at FROM repetitions r "
      "JOIN experiments e ON e.id = r.experiment JOIN attempts a ON a.repetition = r.id "
      "WHERE r.run = ? AND a.started_at IS NOT NULL AND a.finished_at IS NOT NULL AND a.state <> 'Cached' "
      "ORDER BY a.started_at",
      run_row(run_id).number);
  while (rows.next())
    visit({rows.string(0), static_cast<uint32_t>(rows.integer(1)), static_cast<uint32_t>(rows.integer(2)),
           rows.string(3), rows.list(4), rows.instant(5), rows.instant(6)});
  return studies_->outcome();
}

Result<void> Catalog::durations(
    const std::string& study,
    const std::function<void(const std::string& parameters, Duration)>& visit) const {
  constexpr int kLastRuns = 5, kMost = 2000;
  auto found = runs(study);
  if (!found) return std::move(found).error();
  for (size_t i = std::min<size_t>(found->size(), kLastRuns); i-- > 0;) {
    Rows rows = studies_->query(
        "SELECT e.parameters, ended.at - a.intended_at FROM repetitions r JOIN experiments e ON e.id = "
        "r.experiment JOIN attempts a ON a.repetition = r.id AND a.attempt = r.attempt "
        "JOIN events ended ON ended.id = a.end_event "
        "WHERE r.run = ? AND r.state = 'Succeeded' ORDER BY r.id DESC LIMIT ?",
        run_row(found->at(i).record.id).number, kMost);
    while (rows.next()) visit(rows.string(0), Duration(rows.integer(1)));
  }
  return studies_->outcome();
}

Result<std::vector<std::string>> Catalog::moved_images(const std::string& run_id) const {
  std::vector<std::string> texts;
  Rows rows = studies_->query(
      "SELECT e.name, group_concat(DISTINCT a.image_digest) FROM experiments e JOIN repetitions r ON "
      "r.experiment = e.id JOIN attempts a ON a.repetition = r.id WHERE e.run = ? AND a.image_digest <> '' "
      "GROUP BY e.id HAVING count(DISTINCT a.image_digest) > 1 LIMIT 10",
      run_row(run_id).number);
  while (rows.next()) texts.push_back(rows.string(0) + " ran by different images: " + rows.string(1));
  return outcome(std::move(texts));
}

}  // namespace studyctl
