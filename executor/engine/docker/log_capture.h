#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "engine/docker/api.h"
#include "io/log_files.h"
#include "io/multiplexed_log.h"

namespace studyctl {

// Brings what one container says into its directory, whole: it follows a running one, and after the end reads
// what is missing. Every reading starts at byte 0 and skips, per stream, what is on disk, so it may break and
// begin again at will.
class LogCapture {
 public:
  LogCapture(EngineApi& api, std::string container, std::filesystem::path directory);

  // Follows it until it ends; a stream that breaks is taken up again.
  void follow();
  // After the container's end: `done` once all that it said is on disk, or with an error when the engine has
  // lost it. A full disk only delays it.
  void finish(std::function<void(Result<void>)> done);

 private:
  enum class Read : uint8_t { Once, Follow };
  enum class End : uint8_t { Clean, Broken, DiskFailed, Lost };
  void read(Read how, std::function<void(End)> done);
  void read_rest();
  void take(LogStream stream, std::string_view bytes);
  void tell(Result<void> result);
  Result<void> open_files();

  EngineApi& api_;
  std::string container_;
  std::filesystem::path directory_;
  std::optional<LogFiles> files_;
  MultiplexedLog frames_;
  std::array<uint64_t, 2> skip_{};  // bytes of this reading that are on disk already: stdout, stderr
  int status_ = 0;
  int refusals_ = 0;  // one after the other, for now or for good
  bool disk_failed_ = false;
  std::optional<Error> parse_error_;
  std::function<void(Result<void>)> finished_;
  Calls calls_;
};

}  // namespace studyctl
