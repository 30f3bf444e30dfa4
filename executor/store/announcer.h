#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/notification.h"
#include "store/run_record.h"
#include "store/sqlite.h"

namespace studyctl {

// What there is to tell of a run, at one event: the data of its message.
struct Announcement {
  Occasion occasion{};
  uint64_t seq = 0;
  Instant at;
  std::optional<AttemptEnded> failed;  // ExperimentFailed
};

// Writes what is to be told of a run, inside the transaction that writes the events which are the occasion of
// it. What fails is told by the connection's outcome().
class Announcer {
 public:
  // `run` is the number of the run's row. `studies` must outlive it.
  Announcer(Sqlite& studies, int64_t run, DescribeExperiment describe)
      : studies_(studies), run_(run), describe_(std::move(describe)) {}

  // Durably, at once: by which rules, from here on.
  Result<void> set_rules(const std::vector<Notification>& rules);

  // As Projection's, which it follows: of its row of the run is what is told.
  void load();
  void apply(const Event& event);
  void save();
  // Whether the last save() wrote something.
  bool wrote() const { return wrote_; }

 private:
  bool is_wanted(const Notification& rule, const Announcement& one);
  std::string data_of(const Announcement& one);

  Sqlite& studies_;
  int64_t run_;
  DescribeExperiment describe_;
  std::vector<Notification> rules_;
  std::string message_;  // the run's
  std::optional<Instant> started_at_;
  std::vector<Announcement> due_;
  bool wrote_ = false;
};

// The JSON of a rule, as studies.db keeps it: with the names of Secrets, without their values. And back:
// Internal.
std::string to_json(const Notification& rule);
Result<Notification> notification_from_json(const std::string& text);

// What a message says of a run, and of the repetition that failed.
struct RunNow {
  std::string study, run, run_id, state, message;
  std::optional<Instant> started_at;
  uint64_t total = 0, succeeded = 0, failed = 0, infeasible = 0, cancelled = 0, skipped = 0;
};
std::string announcement_json(const RunNow& run, const Announcement& one,
                              const std::optional<ExperimentFacts>& experiment);

}  // namespace studyctl
