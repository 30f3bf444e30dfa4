#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "io/log_files.h"
#include "store/harvest/attempt_directory.h"

namespace studyctl {

// What one stream said at one instant.
struct LogChunk {
  LogStream stream = LogStream::Stdout;
  Instant at;  // the epoch where nobody knows
  std::string bytes;
};

// What an attempt said, both streams in the order in which it came, as log.idx has it; also while it is being
// written: what is torn at the end is left for later. Where there is no log.idx: all of stdout, then all of
// stderr, without times. The files stay open, so renaming the directory does no harm. One thread.
class MergedLog {
 public:
  // NotFound: no such directory.
  static Result<MergedLog> open(const std::filesystem::path& attempt_directory);

  // The next chunk, 1 MiB at most; nothing when there is nothing new now: ask again later.
  std::optional<LogChunk> next();

  // Where the next chunk begins, to go on from later (by another reader of the same attempt). Taken from what
  // is no position of this log it reads on from the next line of log.idx.
  struct Position {
    uint64_t index = 0;              // in log.idx
    std::array<uint64_t, 2> read{};  // of stdout.log and stderr.log
  };
  Position position() const { return position_; }
  void resume(const Position& position) { position_ = position; }

  // Goes to where the last `lines` lines, or `most_bytes` bytes, are still to come: perhaps a little before.
  void seek_tail(size_t lines, uint64_t most_bytes);
  // Passes over what was said before `since`.
  void seek_since(Instant since);

 private:
  struct Entry {
    LogStream stream = LogStream::Stdout;
    uint64_t offset = 0;
    uint64_t length = 0;
    Instant at;
    uint64_t next = 0;  // where the next entry begins in log.idx
  };
  // How far a search for the tail has come.
  struct Tail {
    size_t lines;
    uint64_t most_bytes;
    size_t newlines = 0;
    uint64_t bytes = 0;
    bool is_full() const { return newlines > lines || bytes >= most_bytes; }
  };
  explicit MergedLog(AttemptDirectory directory) : directory_(std::move(directory)) {}
  static std::optional<Entry> parse(std::string_view line);
  void reopen();
  std::optional<Entry> next_entry();
  std::optional<LogChunk> next_without_index();
  std::optional<size_t> seek_in_window(std::string_view lines, Tail& tail);
  const Fd& file(LogStream stream) const { return stream == LogStream::Stdout ? out_ : err_; }

  AttemptDirectory directory_;
  Fd index_, out_, err_;
  bool without_index_ = false;
  Position position_;
  std::optional<Entry> entry_;  // begun, not read whole
  std::string window_;          // of log.idx, from window_at_ on
  uint64_t window_at_ = 0;
};

// One line, without its end and as raw as the workload wrote it.
struct LogLine {
  LogStream stream = LogStream::Stdout;
  Instant at;  // when it began
  std::string text;
};

// Makes lines of chunks. A line comes when it has ended; the two streams do not get into each other's lines.
class LogLines {
 public:
  void add(const LogChunk& chunk, std::deque<LogLine>& lines);
  // What is left of both streams: nothing more will come.
  void finish(std::deque<LogLine>& lines);

 private:
  std::array<LogLine, 2> begun_;
};

// The last `count` lines, unfinished ones too, reading no more than `most_bytes` of the logs.
std::deque<LogLine> last_log_lines(const std::filesystem::path& attempt_directory, size_t count,
                                   uint64_t most_bytes);

}  // namespace studyctl
