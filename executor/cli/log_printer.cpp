#include "cli/log_printer.h"

#include "base/text.h"

namespace studyctl {
namespace {

constexpr uint64_t kMostTailBytes = 64u << 20;

void put(std::FILE* to, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), to);
}

}  // namespace

std::string shown_line(std::string_view raw) {
  while (raw.ends_with('\r')) raw.remove_suffix(1);
  if (const size_t over = raw.rfind('\r'); over != std::string_view::npos) raw.remove_prefix(over + 1);
  return printable(raw);
}

void LogPrinter::add(const LogChunk& chunk) {
  if (style_.only && chunk.stream != *style_.only) return;
  if (!by_lines_) return put(to_, chunk.bytes);
  reader_.add(chunk, lines_);
  print_lines();
}

void LogPrinter::release() {
  kept_.reset();
  print_lines();
}

void LogPrinter::finish() {
  reader_.finish(lines_);
  print_lines();
}

void LogPrinter::print_lines() {
  if (kept_) {
    while (lines_.size() > *kept_) lines_.pop_front();
    return;
  }
  for (const LogLine& line : lines_) print(line);
  lines_.clear();
}

void LogPrinter::print(const LogLine& line) const {
  std::string text = prefix_;
  if (style_.timestamps) text += format_instant(line.at) + " ";
  text += style_.for_terminal ? shown_line(line.text) : line.text;
  put(to_, text + "\n");
}

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
