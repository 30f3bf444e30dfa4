#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "model/event.h"
#include "store/run_record.h"

namespace studyctl {

// progress.jsonl, results.jsonl and results.csv of one run: projections of its committed events. Control
// thread only.
//
// At recovery it is fed what the journal replays, like the ledger: what its files hold already is not written
// again, what they miss is. So a crash between a commit and its lines loses and repeats nothing.
class Publisher {
 public:
  // Cuts each file to its checkpoint; one that is shorter than it should be is made again from the first
  // event.
  static Result<Publisher> open(const std::filesystem::path& run_directory,
                                const std::map<std::string, Checkpoint>& checkpoints,
                                DescribeExperiment describe);
  Publisher(Publisher&&) noexcept;
  Publisher& operator=(Publisher&&) noexcept;
  ~Publisher();

  // A committed event, in order. Writes nothing yet.
  void publish(const Event& event);
  // Appends what was published to the files, whole lines only. After an error (a full disk) nothing is torn,
  // the lines are kept, and the next flush tries again.
  Result<void> flush();
  // Every file holds what the events up to here say.
  uint64_t complete_to() const;
  // For the journal: what the files hold after the last flush.
  std::map<std::string, Checkpoint> checkpoints() const;

 private:
  struct Parts;
  explicit Publisher(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace studyctl
