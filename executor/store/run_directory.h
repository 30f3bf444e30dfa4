#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace studyctl {

// Where one attempt's files lie. `experiment` is the id that people see.
struct AttemptPlace {
  std::string experiment;
  uint32_t cycle = 1;
  uint32_t attempt = 1;

  auto operator<=>(const AttemptPlace&) const = default;
};

// Who the workload runs as.
struct FileOwner {
  uid_t uid = 0;
  gid_t gid = 0;
};

enum class AttemptFiles : uint8_t { Published, Failed };

// The directory of one run: <results>/<study>/2026-11-22_14-30-05. It may have been moved or copied since it
// was made: all paths below it are relative. Every call is safe to repeat, so recovery does them again.
class RunDirectory {
 public:
  // Makes one named after `now` (UTC), unique even within a second, and points `latest` at it.
  static Result<RunDirectory> create(const std::filesystem::path& results, const std::string& study,
                                     Instant now);
  // One that is there. NotFound.
  static Result<RunDirectory> open(const std::filesystem::path& directory);
  // The directory of run `run_id`: where it was made (`recorded`, relative to `results`), or wherever below
  // `results` it was moved to. NotFound.
  static Result<RunDirectory> find(const std::filesystem::path& results, const std::string& recorded,
                                   const std::string& run_id);

  const std::filesystem::path& path() const { return path_; }
  // "<study>/<name>", as in studies.db.
  std::string name_in_volume() const;

  std::filesystem::path repetition(const AttemptPlace& place) const;
  // What a running attempt writes into: …/cycle-1/attempt-2.partial
  std::filesystem::path partial(const AttemptPlace& place) const;
  // Where it lies once it has ended: …/cycle-1/attempt-2 or …/cycle-1/attempt-2.failed
  std::filesystem::path ended(const AttemptPlace& place, AttemptFiles files) const;
  // Whichever of the three is there. NotFound.
  Result<std::filesystem::path> locate(const AttemptPlace& place) const;

  // Makes the .partial directory; it is durable once in_what() is. It belongs to `owner` when we are root;
  // else everybody may write there, below a directory that only we may enter.
  Result<std::filesystem::path> begin_attempt(const AttemptPlace& place,
                                              std::optional<FileOwner> owner) const;
  // Makes the directory of a repetition that outlives its attempts, for whom begin_attempt() was for.
  Result<std::filesystem::path> begin_checkpoint(const AttemptPlace& place,
                                                 std::optional<FileOwner> owner) const;
  // The directories that the attempt's, and what leads there, have their names in: its repetition's first.
  std::vector<std::filesystem::path> in_what(const AttemptPlace& place) const;
  std::filesystem::path checkpoint(const AttemptPlace& place) const {
    return repetition(place) / "checkpoint";
  }
  // Gives it its last name, durable once its repetition's directory is; a published one gets the `result`
  // link. Nothing happens when it has it.
  Result<std::filesystem::path> finish_attempt(const AttemptPlace& place, AttemptFiles files) const;

  // The STOP file that a user touches.
  bool stop_requested() const;
  // Acknowledged, or found stale at start. Nothing happens when there is none.
  Result<void> clear_stop() const;

  // Keeps an input that the manifest names as inputs/<sha256>, durably; returns the SHA-256.
  Result<std::string> keep_input(std::string_view content) const;
  // Internal when the content is no longer what its name says.
  Result<std::string> input(const std::string& sha256) const;

 private:
  explicit RunDirectory(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

// The files of an attempt in another run, whose directory below `results` is `run`: where a repetition is
// cached from. NotFound, also when that run is there no more.
Result<std::filesystem::path> locate_in_run(const std::filesystem::path& results, const std::string& run,
                                            const AttemptPlace& place);

// The directories below `results` that hold a study_manifest.json, oldest name first.
std::vector<std::filesystem::path> find_run_directories(const std::filesystem::path& results);

}  // namespace studyctl
