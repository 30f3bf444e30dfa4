#pragma once

#include <filesystem>
#include <optional>

#include "base/result.h"
#include "cli/log_printer.h"
#include "store/harvest/merged_log.h"

namespace studyctl {

// Where in a log printing begins.
struct LogStart {
  std::optional<size_t> tail;  // its last lines
  std::optional<Instant> since;
};

// The log of one attempt on its way to where it is printed; also while it grows.
class LogReader {
 public:
  // NotFound: no such directory.
  static Result<LogReader> open(const std::filesystem::path& attempt_directory, LogPrinter printer,
                                const LogStyle& style, const LogStart& start);

  // Prints what is new.
  void pump();
  // The attempt has ended and all of it is on disk.
  void finish();

 private:
  LogReader(MergedLog log, LogPrinter printer) : log_(std::move(log)), printer_(std::move(printer)) {}

  MergedLog log_;
  LogPrinter printer_;
};

}  // namespace studyctl
