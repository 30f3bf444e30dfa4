#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "model/notification.h"
#include "store/journal.h"
#include "store/run_record.h"

namespace studyctl {

// The events of one run in studies.db. Each commit writes the events and all that is derived from them in the
// database (repetitions, attempts, metrics, the run's state and counts) in one transaction. For the
// controller that holds the volume's lock.
class SqliteJournal final : public Journal {
 public:
  // Begins a new run, durably. Conflict when its id is there.
  static Result<SqliteJournal> create(const std::filesystem::path& database, const RunRecord& run,
                                      DescribeExperiment describe);
  // Goes on with a run. NotFound.
  static Result<SqliteJournal> open(const std::filesystem::path& database, const std::string& run_id,
                                    DescribeExperiment describe);

  SqliteJournal(SqliteJournal&&) noexcept;
  SqliteJournal& operator=(SqliteJournal&&) noexcept;
  ~SqliteJournal() override;

  const RunRecord& run() const;
  const std::filesystem::path& database() const;

  void append(const Event& event) override;
  Result<void> commit() override;
  bool disk_full() const override;
  Result<void> replay(const std::function<void(const Event&)>& visit) override;
  // All that is made of events up to `seq` lies in its files. Of attempts that ended before, replay() then
  // tells the end alone, but for the last few; without this it leaves out nothing.
  void set_published(uint64_t seq);

  // Of the plan that is on; 0 before the first.
  uint32_t generation() const;
  uint64_t experiments() const;
  uint32_t cycles() const;

  // The seq of the last committed event; 0 before the first.
  uint64_t last_seq() const;

  // Durably, at once: the engine is fixed at a run's first start. Unavailable, naming both, when another one
  // is.
  Result<void> fix_engine(const std::string& engine, const std::string& endpoint);
  // Goes with the next commit that has events: study_manifest.json of a run whose plan or execution changes.
  void set_manifest(const std::string& manifest, const std::string& design_hash);
  // Durably, at once: that of a run whose results are read by other rules.
  Result<void> replace_manifest(const std::string& manifest, const std::string& design_hash);
  // True once note_reuse_done() was told, until the plan changes.
  bool reuse_is_done() const;
  // Durably, at once: all that earlier runs of the study can give has been taken over.
  Result<void> note_reuse_done();
  // Durably, at once: the metrics of an ended attempt, read again by changed rules. The result files lose
  // their checkpoints: the next Publisher makes them again.
  Result<void> replace_metrics(const AttemptKey& key, const std::vector<MetricValue>& metrics);

  // By these rules the commits that follow write what is to be told, in their own transactions; what waits of
  // a rule goes by the one that has its name now. Durably, at once. `on_message` comes after each commit that
  // wrote something.
  Result<void> set_notifications(const std::vector<Notification>& rules, std::function<void()> on_message);

  // What is planned and was started at least once, by where an event names it: to be found in another plan.
  struct KnownExperiment {
    uint32_t generation = 1;
    uint64_t index = 0;
    uint32_t cycles = 0;  // planned, where it has more than others
    std::string identity;
  };
  Result<void> known_experiments(const std::function<void(const KnownExperiment&)>& visit) const;
  // results.jsonl made anew from all that is planned and has succeeded, and the checkpoints that go with it.
  Result<void> remake_results(const std::filesystem::path& file);

  // By file name; goes with the next commit that has events.
  void set_checkpoints(const std::map<std::string, Checkpoint>& checkpoints);
  // As last committed.
  Result<std::map<std::string, Checkpoint>> checkpoints() const;

 private:
  struct Parts;
  explicit SqliteJournal(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// Takes a run and all that studies.db knows of it out of the database, in one transaction; its study too when
// it has no other run. Nothing happens when it is not there. For whoever holds the volume's lock.
Result<void> delete_run(const std::filesystem::path& database, const std::string& run_id);

}  // namespace studyctl
