#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "engine/process/supervised.h"

namespace studyctl {

// The processes that a supervisor started and no controller has forgotten, in a file that outlives it: a line
// is appended for each change, and the file is written anew where most of its lines have been forgotten. A
// torn last line is cut. One writer at a time.
class ProcessLog {
 public:
  // Reads it, or begins it. How those ended that it has of an earlier boot of this machine is not known: an
  // end was synced, what the process wrote may have gone with the power.
  static Result<ProcessLog> open(const std::filesystem::path& path, const MachineBoot& boot = this_boot());

  const std::map<std::string, SupervisedProcess>& processes() const { return processes_; }

  // Before it is started, again once its pid is known, and when it has ended. Survives this process; the
  // machine after sync() only.
  Result<void> note(const SupervisedProcess& process);
  Result<void> forget(const std::string& id);
  Result<void> sync();

 private:
  ProcessLog(std::filesystem::path path, MachineBoot boot, Fd file)
      : path_(std::move(path)), boot_(std::move(boot)), file_(std::move(file)) {}
  Result<void> read();
  Result<void> append(const std::string& line);
  Result<void> rewrite();

  std::filesystem::path path_;
  MachineBoot boot_;
  Fd file_;
  std::map<std::string, SupervisedProcess> processes_;
  size_t lines_ = 0;
};

}  // namespace studyctl
