#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "model/notification.h"
#include "store/sqlite.h"

namespace studyctl {

// Something that is to be told, or was.
struct Message {
  int64_t row = 0;
  std::string id;                  // the same however often it is sent
  std::string run_id, run, study;  // `run` is its directory: "nmr/2026-11-22_14-30-05"
  std::string rule;
  std::string occasion;
  Instant at;         // of the event
  std::string data;   // a JSON object
  std::string state;  // Waiting, Sent, Dead: none is tried again
  int tries = 0;
  Instant next_at;  // Waiting: not before this
  std::optional<Instant> ended_at;
  std::string destination;
  std::string error;  // why the last try failed
};

// The messages of a volume, which commits write (Announcer) and this sends on their way. One thread.
class Outbox {
 public:
  // For who holds the volume's lock.
  static Result<Outbox> open(const std::filesystem::path& database);
  // To look at it, beside whoever writes. NotFound.
  static Result<Outbox> open_for_reading(const std::filesystem::path& database);

  // Of each rule of each run the first that waits, and no other: a rule's messages go one after the other.
  Result<std::vector<Message>> heads();
  // The rule as its run has it now. NotFound: it has it no more.
  Result<Notification> rule_of(const Message& message);

  // Durably, at once.
  Result<void> note_sent(const Message& message, Instant at);
  Result<void> note_failed(const Message& message, const std::string& error, Instant next_at);
  Result<void> note_dead(const Message& message, const std::string& error, Instant at);
  // What waits, or was given up, is due at `at`; that whose tries are over has one more. Of one study, or of
  // one run by its id, or of all.
  Result<void> hasten(const std::string& study_or_run, Instant at);

  struct Counts {
    uint64_t sent = 0, waiting = 0, dead = 0;
  };
  // Of a run; empty: of all.
  Result<Counts> counts(const std::string& run_id);
  // True when a run has ended and nothing of it waits.
  Result<bool> is_done_with(const std::string& run_id);
  // The newest first; of one study, or of one run by its id, or of all.
  Result<std::vector<Message>> list(const std::string& study_or_run, uint64_t limit);

 private:
  explicit Outbox(std::unique_ptr<Sqlite> studies) : studies_(std::move(studies)) {}
  std::vector<Message> read(Rows rows);

  std::unique_ptr<Sqlite> studies_;
};

}  // namespace studyctl
