#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace studyctl {

// The directory of an attempt, as one reads what a stranger wrote: no path and no link leads out of it,
// nothing but regular files is ever opened (a device node could act when it is), nothing blocks. Hard links
// cannot come from elsewhere: they do not cross the mount that the workload writes to. Errors do not repeat
// the name that was asked for.
class AttemptDirectory {
 public:
  // `path` itself must not be a symbolic link.
  static Result<AttemptDirectory> open(const std::filesystem::path& path);

  struct File {
    Fd fd;
    uint64_t size = 0;
  };
  // NotFound: there is no such file. Invalid: it leads out of the directory, or is not a regular file.
  Result<File> open_file(const std::string& name) const;

  // A regular file or a directory.
  bool contains(const std::string& name) const;

  // The files that `pattern` stands for, sorted: itself when it is there, else with .gz behind it; or, where
  // it has a `*` or a `?`, each regular file that matches, with .gz or without (without wins where both are
  // there). Wildcards stop at `/`, and leave out what begins with a dot and what the controller writes
  // (stdout.log, attempt.json, …).
  std::vector<std::string> find(const std::string& pattern) const;

  int fd() const { return fd_.get(); }

 private:
  explicit AttemptDirectory(Fd fd) : fd_(std::move(fd)) {}

  Fd fd_;
};

}  // namespace studyctl
