#pragma once

#include <filesystem>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "model/states.h"
#include "store/status.h"

namespace studyctl {

// status.json of one run: a reader sees a whole object, never an older one after a newer one. One writer. Its
// cost does not depend on the study's size: ask due() before making a Status.
class StatusFile {
 public:
  static constexpr Duration kShortestInterval{200};
  static constexpr Duration kHeartbeat{5000};

  StatusFile(std::filesystem::path path, const Clock& clock) : path_(std::move(path)), clock_(clock) {}

  // True when one should be written now: the run's state is another than last time; something changed and 200
  // ms are over; or 5 s are over.
  bool due(RunState state) const;
  // Something of it changed.
  void touch() { changed_ = true; }
  // When due() becomes true by itself, or what failed should be tried again.
  Steady next_due() const;

  // Replaces the file; synced once the state is final. After an error the old one stays, and due() stays
  // true.
  Result<void> write(const Status& status);

 private:
  Result<void> replace(const Status& status) const;

  std::filesystem::path path_;
  const Clock& clock_;
  bool changed_ = true;
  std::optional<RunState> state_;
  std::optional<Steady> written_at_, failed_at_;
};

// What is published at `path`. NotFound; Invalid when it is not a status.
Result<Status> read_status(const std::filesystem::path& path);

}  // namespace studyctl
