#pragma once

#include <cstdio>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "store/harvest/merged_log.h"

namespace studyctl {

// How logs are printed.
struct LogStyle {
  std::optional<LogStream> only;
  bool timestamps = false;
  bool for_terminal = false;  // nothing is printed that a terminal would obey
};

// What a terminal shows of a raw line: without escape sequences, and of what a progress bar wrote over and
// over, the last.
std::string shown_line(std::string_view raw);

// Prints what attempts said. With `prefix` or timestamps by lines; else byte for byte where it is no
// terminal.
class LogPrinter {
 public:
  LogPrinter(std::FILE* to, LogStyle style, std::string prefix)
      : to_(to),
        style_(style),
        prefix_(std::move(prefix)),
        by_lines_(style.timestamps || style.for_terminal || !prefix_.empty()) {}

  void add(const LogChunk& chunk);
  // What had no line end: nothing more will come.
  void finish();

  // Until release() only the last `count` lines are kept and none is printed; from here on by lines.
  void hold(size_t count) { kept_ = count, by_lines_ = true; }
  void release();

 private:
  void print_lines();
  void print(const LogLine& line) const;

  std::FILE* to_;
  LogStyle style_;
  std::string prefix_;
  bool by_lines_;
  std::optional<size_t> kept_;
  LogLines reader_;
  std::deque<LogLine> lines_;
};

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
