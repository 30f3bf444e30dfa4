#include "store/harvest/merged_log.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "base/text.h"

namespace studyctl {
namespace {

constexpr uint64_t kWindow = 64u << 10;
constexpr uint64_t kLongestChunk = 1u << 20;
constexpr size_t kLongestLogLine = 1u << 20;
constexpr uint64_t kMostIndexScanned = 64u << 20;
constexpr std::array<LogStream, 2> kStreams = {LogStream::Stdout, LogStream::Stderr};

size_t slot(LogStream stream) {
  return stream == LogStream::Stdout ? 0 : 1;
}

std::string read_at(const Fd& file, uint64_t offset, uint64_t size) {
  if (!file) return {};
  std::string bytes(size, '\0');
  size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got =
        pread(file.get(), bytes.data() + filled, bytes.size() - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    filled += static_cast<size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

uint64_t size_of(const Fd& file) {
  struct stat status {};
  return file && fstat(file.get(), &status) == 0 ? static_cast<uint64_t>(status.st_size) : 0;
}

// Takes "123 " from the front of `text`.
std::optional<uint64_t> take_number(std::string_view& text) {
  uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end == text.data() + text.size() || *end != ' ') return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()) + 1);
  return number;
}

}  // namespace

Result<MergedLog> MergedLog::open(const std::filesystem::path& attempt_directory) {
  auto directory = AttemptDirectory::open(attempt_directory);
  if (!directory) return std::move(directory).error();
  MergedLog log(std::move(*directory));
  log.reopen();
  return log;
}

// Whatever of the three is not there yet may have come since.
void MergedLog::reopen() {
  const auto open = [&](Fd& fd, const char* name) {
    if (fd) return;
    if (auto file = directory_.open_file(name)) fd = std::move(file->fd);
  };
  open(index_, "log.idx");
  open(out_, "stdout.log");
  open(err_, "stderr.log");
}

std::optional<MergedLog::Entry> MergedLog::parse(std::string_view line) {
  const auto stream = take_number(line);
  const auto offset = take_number(line);
  const auto length = take_number(line);
  if (!stream || (*stream != 1 && *stream != 2) || !offset || !length) return std::nullopt;
  if (*offset > INT64_MAX || *length > INT64_MAX - *offset) return std::nullopt;
  Entry entry{*stream == 1 ? LogStream::Stdout : LogStream::Stderr, *offset, *length, {}, 0};
  if (const auto at = parse_instant(line)) entry.at = *at;
  return entry;
}

std::optional<MergedLog::Entry> MergedLog::next_entry() {
  while (true) {
    const bool in_window = position_.index >= window_at_ && position_.index < window_at_ + window_.size();
    const size_t start = in_window ? position_.index - window_at_ : 0;
    const size_t end = in_window ? window_.find('\n', start) : std::string::npos;
    if (end != std::string::npos) {
      auto entry = parse(std::string_view(window_).substr(start, end - start));
      const uint64_t next = window_at_ + end + 1;
      if (entry) {
        entry->next = next;
        return entry;
      }
      position_.index = next;
      continue;
    }
    window_ = read_at(index_, position_.index, kWindow);
    window_at_ = position_.index;
    if (window_.find('\n') != std::string::npos) continue;
    // Torn: the rest is still to come. A whole window without a line end is none of ours.
    if (window_.size() < kWindow) {
      window_.clear();
      return std::nullopt;
    }
    position_.index += window_.size();
  }
}

std::optional<LogChunk> MergedLog::next() {
  if (!index_ || !out_ || !err_) reopen();
  if (!index_ || without_index_) return next_without_index();
  while (true) {
    if (!entry_) entry_ = next_entry();
    if (!entry_) return std::nullopt;
    uint64_t& read_to = position_.read[slot(entry_->stream)];
    // A log only grows: what an entry says of bytes that have been read is not believed.
    const uint64_t from = std::max(entry_->offset, read_to);
    const uint64_t end = entry_->offset + entry_->length;
    LogChunk chunk{entry_->stream, entry_->at, {}};
    if (from < end) chunk.bytes = read_at(file(entry_->stream), from, std::min(end - from, kLongestChunk));
    if (!chunk.bytes.empty()) read_to = from + chunk.bytes.size();
    if (chunk.bytes.empty() || read_to >= end) {
      position_.index = entry_->next;
      entry_.reset();
    }
    if (!chunk.bytes.empty()) return chunk;
  }
}

std::optional<LogChunk> MergedLog::next_without_index() {
  for (const LogStream stream : kStreams) {
    uint64_t& read_to = position_.read[slot(stream)];
    LogChunk chunk{stream, {}, read_at(file(stream), read_to, kLongestChunk)};
    read_to += chunk.bytes.size();
    if (!chunk.bytes.empty()) return chunk;
  }
  return std::nullopt;
}

void MergedLog::seek_tail(size_t lines, uint64_t most_bytes) {
  entry_.reset();
  position_ = {};
  Tail tail{lines, most_bytes};
  uint64_t end = size_of(index_);
  const uint64_t lowest = end - std::min(end, kMostIndexScanned);
  while (end > lowest && !tail.is_full()) {
    const uint64_t start = end - std::min(end, kWindow);
    const std::string window = read_at(index_, start, end - start);
    // What stands before its first line end belongs to the window before it.
    const size_t first = start == 0 ? 0 : window.find('\n') + 1;
    const size_t last = window.rfind('\n');
    if (last == std::string::npos || first > last) break;
    const auto place = seek_in_window(std::string_view(window).substr(first, last + 1 - first), tail);
    if (place) position_.index = start + first + *place;
    end = start + first;
  }
  if (tail.bytes > 0) return;
  // Nothing usable in the index: what there is comes without it.
  without_index_ = size_of(out_) + size_of(err_) > 0;
  for (const LogStream stream : kStreams) {
    const uint64_t size = size_of(file(stream));
    position_.read[slot(stream)] = size - std::min(size, most_bytes / 2);
  }
}

// From the last of the whole `lines` of the index backwards until `tail` is full: where the entry begins that
// was looked at last.
std::optional<size_t> MergedLog::seek_in_window(std::string_view lines, Tail& tail) {
  std::optional<size_t> place;
  while (!lines.empty() && !tail.is_full()) {
    lines.remove_suffix(1);
    const size_t begin = lines.rfind('\n') + 1;
    const auto entry = parse(lines.substr(begin));
    lines = lines.substr(0, begin);
    if (!entry) continue;
    place = begin;
    const uint64_t taken = std::min(entry->length, tail.most_bytes - tail.bytes);
    const uint64_t from = entry->offset + entry->length - taken;
    const std::string said = read_at(file(entry->stream), from, taken);
    tail.newlines += static_cast<size_t>(std::count(said.begin(), said.end(), '\n'));
    tail.bytes += said.size();
    if (taken < entry->length) position_.read[slot(entry->stream)] = from;
  }
  return place;
}

void MergedLog::seek_since(Instant since) {
  if (!index_ || without_index_) return;
  while (!entry_ || entry_->at < since) {
    if (entry_) position_.index = entry_->next;
    entry_ = next_entry();
    if (!entry_) return;
  }
}

void LogLines::add(const LogChunk& chunk, std::deque<LogLine>& lines) {
  LogLine& begun = begun_[slot(chunk.stream)];
  std::string_view rest = chunk.bytes;
  while (!rest.empty()) {
    if (begun.text.empty()) begun = {chunk.stream, chunk.at, {}};
    const size_t end = rest.find('\n');
    begun.text += rest.substr(0, end);
    if (end == std::string_view::npos && begun.text.size() < kLongestLogLine) return;
    lines.push_back(std::exchange(begun, {}));
    if (end == std::string_view::npos) return;
    rest.remove_prefix(end + 1);
  }
}

void LogLines::finish(std::deque<LogLine>& lines) {
  for (LogLine& begun : begun_) {
    if (!begun.text.empty()) lines.push_back(std::exchange(begun, {}));
  }
}

std::deque<LogLine> last_log_lines(const std::filesystem::path& attempt_directory, size_t count,
                                   uint64_t most_bytes) {
  std::deque<LogLine> lines;
  auto log = MergedLog::open(attempt_directory);
  if (!log) return lines;
  log->seek_tail(count, most_bytes);
  LogLines reader;
  const auto keep_last = [&] {
    if (lines.size() > count) lines.erase(lines.begin(), lines.end() - static_cast<ptrdiff_t>(count));
  };
  while (const auto chunk = log->next()) {
    reader.add(*chunk, lines);
    keep_last();
  }
  reader.finish(lines);
  keep_last();
  return lines;
}

}  // namespace studyctl
