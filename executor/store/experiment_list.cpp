#include "store/experiment_list.h"

#include <optional>
#include <vector>

#include "store/schema.h"
#include "store/text_list.h"

namespace studyctl {
namespace {

// Rows that are read before `visit` sees them: meanwhile the database is not locked.
constexpr int64_t kPage = 500;

// A row for each of an experiment's states and reasons; a page is cut between experiments.
constexpr const char* kPageOfExperiments =
    "SELECT e.generation, e.position, e.name, e.parameters, r.state, coalesce(r.reason, ''), count(*), "
    "sum(r.fail_count) FROM (SELECT * FROM experiments WHERE run = ?1 AND (generation, position) > (?2, ?3) "
    "AND (?4 = '' OR substr(name, 1, length(?4)) = ?4) ORDER BY generation, position LIMIT ?5) e "
    "JOIN repetitions r ON r.experiment = e.id "
    "WHERE (?6 = '' OR r.state IN (SELECT value FROM json_each(?6))) "
    "AND (?7 = '' OR r.reason IN (SELECT value FROM json_each(?7))) "
    "GROUP BY e.generation, e.position, r.state, r.reason ORDER BY e.generation, e.position";
// Where a page ends, also when the filter lets nothing of it through.
constexpr const char* kEndOfPage =
    "SELECT generation, position FROM (SELECT generation, position FROM experiments WHERE run = ?1 "
    "AND (generation, position) > (?2, ?3) AND (?4 = '' OR substr(name, 1, length(?4)) = ?4) "
    "ORDER BY generation, position LIMIT ?5) ORDER BY generation DESC, position DESC LIMIT 1";

struct Place {
  int64_t generation = 0;
  int64_t position = -1;
};

template <class Word>
std::string words(const std::vector<Word>& list) {
  std::vector<std::string> names;
  for (const Word word : list) names.emplace_back(name_of(word));
  return names.empty() ? "" : list_to_json(names);
}

void add(const Statement& row, std::vector<ExperimentSummary>& page) {
  const auto generation = static_cast<uint32_t>(row.integer(0));
  const auto index = static_cast<uint64_t>(row.integer(1));
  if (page.empty() || page.back().generation != generation || page.back().index != index)
    page.push_back({generation, index, row.string(2), row.string(3), {}, {}, 0});
  ExperimentSummary& experiment = page.back();
  const auto count = static_cast<uint64_t>(row.integer(6));
  if (const auto state = repetition_state_named(row.text(4)))
    experiment.counts.at(static_cast<size_t>(*state)) += count;
  if (const auto reason = reason_named(row.text(5)))
    experiment.reasons.at(static_cast<size_t>(*reason)) += count;
  experiment.fail_count += static_cast<uint64_t>(row.integer(7));
}

Result<std::optional<int64_t>> run_row(Sqlite& studies, const std::string& run_id) {
  Result<Statement> row = studies.prepare("SELECT id FROM runs WHERE uuid = ?");
  if (!row) return std::move(row).error();
  Result<bool> found = row->bind(1, run_id).step();
  if (!found) return std::move(found).error();
  return *found ? std::optional(row->integer(0)) : std::nullopt;
}

Result<std::optional<Place>> end_of_page(Sqlite& studies, int64_t run, const Place& after,
                                         const std::string& name) {
  Result<Statement> row = studies.prepare(kEndOfPage);
  if (!row) return std::move(row).error();
  Result<bool> found = row->bind_all(run, after.generation, after.position, name, kPage).step();
  if (!found) return std::move(found).error();
  if (!*found) return std::optional<Place>();
  return std::optional(Place{row->integer(0), row->integer(1)});
}

}  // namespace

Result<void> visit_experiments(const std::filesystem::path& database, const std::string& run_id,
                               const RepetitionFilter& filter,
                               const std::function<bool(const ExperimentSummary&)>& visit) {
  auto studies = open_studies_for_reading(database);
  if (!studies) return std::move(studies).error();
  const auto run = run_row(**studies, run_id);
  if (!run) return run.error();
  if (!*run) return Error{ErrorCode::NotFound, "there is no run " + run_id};
  const std::string states = words(filter.states), reasons = words(filter.reasons);
  Place after;
  while (true) {
    const auto end = end_of_page(**studies, **run, after, filter.experiment);
    if (!end) return end.error();
    if (!*end) return {};
    std::vector<ExperimentSummary> page;
    {
      Result<Statement> rows = (*studies)->prepare(kPageOfExperiments);
      if (!rows) return std::move(rows).error();
      rows->bind_all(**run, after.generation, after.position, filter.experiment, kPage, states, reasons);
      for (Result<bool> more = rows->step(); !more || *more; more = rows->step()) {
        if (!more) return std::move(more).error();
        add(*rows, page);
      }
    }
    for (const ExperimentSummary& experiment : page)
      if (!visit(experiment)) return {};
    after = **end;
  }
}

}  // namespace studyctl
