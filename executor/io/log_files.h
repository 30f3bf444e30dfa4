#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"

namespace studyctl {

enum class LogStream : uint8_t { Stdout = 1, Stderr = 2 };

// What a container says, as it says it: stdout.log, stderr.log, and log.idx with a line "<stream> <offset>
// <length> <instant>" per chunk ("2 0 17 2026-11-22T14:30:05.123Z": the first 17 bytes of stderr), so that
// both can be merged in order. Files are opened once, never through a symbolic link a workload made: what
// stands in their place and is no regular file is removed. One writer an attempt, on one thread.
class LogFiles {
 public:
  // Opens or continues the three files in `directory`. A torn last line of log.idx is cut, and so are lines
  // that say more than the logs have; the logs are cut to what it says.
  static Result<LogFiles> open(const std::filesystem::path& directory);

  // Bytes of `stream` that are on disk: what a new reading from byte 0 must skip.
  uint64_t size(LogStream stream) const;
  // All of `bytes`, or nothing of them where it fails (a full disk): it may be said again.
  Result<void> append(LogStream stream, std::string_view bytes, Instant at);
  // Makes what was appended survive a power cut; the files' names are the directory's, and not synced here.
  Result<void> sync();

 private:
  Result<void> recover();

  Fd out_, err_, index_;
  uint64_t out_size_ = 0, err_size_ = 0, index_size_ = 0;
};

}  // namespace studyctl
