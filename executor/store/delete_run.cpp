#include "store/delete_run.h"

#include "store/schema.h"

namespace studyctl {
namespace {

Result<void> delete_rows(Sqlite& studies, int64_t run) {
  const int64_t first = event_row(run, 0), last = event_row(run + 1, 0) - 1;
  Result<void> done = studies.run(
      "DELETE FROM attempts WHERE repetition IN (SELECT r.id FROM repetitions r JOIN experiments e "
      "ON e.id = r.experiment WHERE e.run = ?)",
      run);
  if (done)
    done = studies.run(
        "DELETE FROM repetitions WHERE experiment IN (SELECT id FROM experiments WHERE run = ?)", run);
  if (done) done = studies.run("DELETE FROM experiments WHERE run = ?", run);
  if (done) done = studies.run("DELETE FROM metrics WHERE event BETWEEN ? AND ?", first, last);
  if (done) done = studies.run("DELETE FROM commands WHERE event BETWEEN ? AND ?", first, last);
  if (done) done = studies.run("DELETE FROM events WHERE id BETWEEN ? AND ?", first, last);
  if (done) done = studies.run("DELETE FROM checkpoints WHERE run = ?", run);
  if (done) done = studies.run("DELETE FROM runs WHERE id = ?", run);
  if (done) done = studies.run("DELETE FROM studies WHERE id NOT IN (SELECT study FROM runs)");
  return done;
}

}  // namespace

Result<void> delete_run(const std::filesystem::path& database, const std::string& run_id) {
  auto studies = open_studies_for_writing(database);
  if (!studies) return std::move(studies).error();
  auto transaction = Transaction::begin(**studies);
  if (!transaction) return std::move(transaction).error();
  {
    auto row = (*studies)->prepare("SELECT id FROM runs WHERE uuid = ?");
    if (!row) return std::move(row).error();
    const auto found = row->bind(1, run_id).step();
    if (!found) return found.error();
    if (!*found) return {};
    const int64_t run = row->integer(0);
    row->reset();
    if (auto deleted = delete_rows(**studies, run); !deleted) return deleted;
  }
  return transaction->commit();
}

}  // namespace studyctl
