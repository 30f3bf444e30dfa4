#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/reserve.h"
#include "store/volume_lock.h"

namespace studyctl {

// A results directory: studies.db, a directory per study, and the private `.studyctl/` beside them. Who only
// reads may do so while a controller writes; who writes takes the lock first.
class ResultsVolume {
 public:
  // Makes what is missing. One sentence when it cannot be written: read-only, no permission, no space. With
  // `state_directory` the database lies there instead. A volume that was copied gets an id of its own, and
  // the log says so; one that was moved, or mounted at another place, keeps it.
  static Result<ResultsVolume> open(const std::filesystem::path& results,
                                    const std::filesystem::path& state_directory = {});
  // The same without making or changing anything. NotFound where nothing was ever applied.
  static Result<ResultsVolume> find(const std::filesystem::path& results,
                                    const std::filesystem::path& state_directory = {});

  const std::filesystem::path& root() const { return root_; }  // absolute
  const std::string& id() const { return id_; }                // a UUID, made once
  std::filesystem::path private_directory() const { return root_ / ".studyctl"; }
  std::filesystem::path database() const { return database_; }
  // SQLite's WAL does not work here: other hosts may hold the same files.
  bool on_network() const { return on_network_; }

  // Takes the volume for one controller, until the lock is destroyed or its process dies. Conflict: "held by
  // study X, pid N on host H since T".
  Result<VolumeLock> lock(const LockHolder& holder) const;
  // Who holds it now.
  std::optional<LockHolder> holder() const;

  Reserve reserve() const { return Reserve(private_directory() / "reserve"); }

  // The Secret documents of a run: 0600, until the run ends. Keeping again replaces them.
  Result<void> keep_secrets(std::string_view run, std::string_view documents) const;
  // NotFound when none were kept.
  Result<std::string> secrets(std::string_view run) const;
  Result<void> forget_secrets(std::string_view run) const;

 private:
  ResultsVolume() = default;
  std::filesystem::path secrets_path(std::string_view run) const;

  std::filesystem::path root_;
  std::filesystem::path database_;
  std::string id_;
  bool on_network_ = false;
};

}  // namespace studyctl
