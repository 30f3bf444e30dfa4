#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"

namespace studyctl {

// The directory of one attempt that its task and the controllers share (batch_script.h has the files).
class AttemptHome {
 public:
  AttemptHome() = default;
  explicit AttemptHome(const AttemptSpec& spec) : path_(spec.scratch / "slurm") {}

  const std::filesystem::path& path() const { return path_; }
  bool exists() const;

  // Writes what the task reads, which is durable by sync_words() alone. `options`: what sbatch gets as
  // options_of(), and how commands run. What is there already stays. Conflict: it was made for something
  // else.
  Result<void> make(const AttemptSpec& spec, const SlurmOptions& options) const;
  std::vector<std::string> options() const;

  // Brings all homes to the disk: a command and its words.
  static std::vector<std::string> sync_words(std::span<const std::filesystem::path> homes);

  // Before sbatch: the job's name and the number of the task in it.
  struct Place {
    std::string batch;
    uint32_t index = 0;
    auto operator<=>(const Place&) const = default;
  };
  Result<void> note_place(const Place& place) const;
  std::optional<Place> place() const;

  // Whether no task has taken it.
  bool is_untouched() const;
  // From now on no task runs it; false when one has taken it before. True again on repeat.
  bool withdraw() const;

  // What the task has noted, of kBegunFile, kStartedFile or kExitFile; nothing before it has.
  std::optional<std::map<std::string, std::string>> notes(const char* file) const;
  void remove() const;

  // Whether other machines' files show late here, as on NFS.
  bool is_on_network() const;

 private:
  std::filesystem::path path_;
};

}  // namespace studyctl
