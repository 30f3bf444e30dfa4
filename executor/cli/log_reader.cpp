#include "cli/log_reader.h"

namespace studyctl {
namespace {

constexpr uint64_t kMostTailBytes = 64u << 20;

}  // namespace

Result<LogReader> LogReader::open(const std::filesystem::path& attempt_directory, LogPrinter printer,
                                  const LogStyle& style, const LogStart& start) {
  auto log = MergedLog::open(attempt_directory);
  if (!log) return std::move(log).error();
  LogReader reader(*std::move(log), std::move(printer));
  if (start.since) reader.log_.seek_since(*start.since);
  if (!start.tail) return reader;
  reader.printer_.hold(*start.tail);
  // The index knows nothing of the lines of one stream alone.
  if (!style.only && !start.since) reader.log_.seek_tail(*start.tail, kMostTailBytes);
  reader.pump();
  reader.printer_.release();
  return reader;
}

void LogReader::pump() {
  while (const auto chunk = log_.next()) printer_.add(*chunk);
}

void LogReader::finish() {
  pump();
  printer_.finish();
}

}  // namespace studyctl
