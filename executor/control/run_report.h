#pragma once

#include <deque>
#include <string>

#include "base/clock.h"
#include "control/committed_events.h"
#include "control/controller.h"
#include "control/eta.h"
#include "control/experiments.h"
#include "control/run_metrics.h"
#include "store/publisher.h"
#include "store/sqlite_journal.h"
#include "store/status_file.h"

namespace studyctl {

// All that the world may read of a run while it is on: progress.jsonl and the results from committed events,
// status.json from the ledger. What it costs per event does not depend on the study's size. Control thread
// only.
class RunReport final : public CommittedEvents {
 public:
  struct Parts {
    std::string study;
    std::string run_id;
    int places;  // how many attempts the machine has room for at once
    Experiments& experiments;
    SqliteJournal& journal;
    const Clock& clock;
    RunMetrics metrics{};
  };

  RunReport(Parts parts, Publisher publisher, StatusFile status);

  void replayed(const Event& event) override;
  void committed(const std::vector<Event>& events) override;

  // Tries again what a full disk left unwritten, and replaces status.json when that is due.
  void refresh(const Controller& controller);
  // When refresh() is next due by itself.
  Steady next_due() const { return status_file_.next_due(); }

  Status status(const Controller& controller);

 private:
  void fold(const Event& event);
  void measure_end(const AttemptEnded& fact, const Event& event) const;
  void measure(const Controller& controller) const;
  void fold_end(const AttemptEnded& fact, const Event& event);
  void flush();
  void add_current(const Controller& controller, Status& status) const;
  void add_times(const Controller& controller, Status& status);

  Parts parts_;
  Publisher publisher_;
  StatusFile status_file_;
  Eta eta_;
  Signatures signatures_;
  std::deque<Duration> durations_;  // of the last attempts that succeeded
  // Who they are is asked for when they are shown: a restart may see a million.
  std::deque<std::pair<RepetitionKey, Status::Failure>> failures_;
  bool behind_ = false;
};

}  // namespace studyctl
