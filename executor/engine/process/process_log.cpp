#include "engine/process/process_log.h"

#include <fcntl.h>
#include <unistd.h>

#include "io/line_splitter.h"

namespace studyctl {
namespace {

constexpr size_t kFewLines = 10'000;
constexpr size_t kLongest = size_t{1} << 40;  // it grows with what runs at once, not with the study

std::string line_of(const SupervisedProcess& process) {
  return line_of(ProcessNews{ProcessNews::Kind::Known, process}) + "\n";
}

Result<Fd> open_file(const std::filesystem::path& path) {
  Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return errno_error(path.string());
  return file;
}

}  // namespace

Result<ProcessLog> ProcessLog::open(const std::filesystem::path& path, const MachineBoot& boot) {
  auto file = open_file(path);
  if (!file) return std::move(file).error();
  ProcessLog log(path, boot, *std::move(file));
  if (auto read = log.read(); !read) return std::move(read).error();
  if (auto written = log.rewrite(); !written) return std::move(written).error();
  return log;
}

Result<void> ProcessLog::read() {
  auto text = read_file(path_, kLongest);
  if (!text) return std::move(text).error();
  // Its first line, of which an earlier version's log has none.
  const auto told = parse_boot(text->substr(0, text->find('\n')));
  const MachineBoot before = told ? *told : boot_;
  LineSplitter lines(size_t{16} << 20);
  lines.feed(*text, [this](std::string_view line) {
    const auto news = parse_news(std::string(line));
    if (!news) return;
    if (news->kind == ProcessNews::Kind::Gone)
      processes_.erase(news->process.id);
    else
      processes_[news->process.id] = news->process;
  });
  if (before.host != boot_.host || before.id == boot_.id) return {};
  for (auto& [id, process] : processes_)
    if (process.end) process.end->is_known = false;
  return {};
}

Result<void> ProcessLog::note(const SupervisedProcess& process) {
  processes_[process.id] = process;
  return append(line_of(process));
}

Result<void> ProcessLog::forget(const std::string& id) {
  if (processes_.erase(id) == 0) return {};
  SupervisedProcess gone;
  gone.id = id;
  if (auto appended = append(line_of(ProcessNews{ProcessNews::Kind::Gone, gone}) + "\n"); !appended)
    return appended;
  return lines_ > kFewLines && lines_ > 10 * processes_.size() ? rewrite() : Result<void>();
}

Result<void> ProcessLog::append(const std::string& line) {
  const off_t before = lseek(file_.get(), 0, SEEK_END);
  if (auto written = write_all(file_.get(), line); !written) {
    (void)ftruncate(file_.get(), before);  // half a line would spoil the next one
    return std::move(written).error().within(path_.string());
  }
  ++lines_;
  return {};
}

Result<void> ProcessLog::sync() {
  return fdatasync(file_.get()) == 0 ? Result<void>() : errno_error(path_.string());
}

Result<void> ProcessLog::rewrite() {
  std::string text = line_of(boot_) + "\n";
  for (const auto& [id, process] : processes_) text += line_of(process);
  if (auto written = write_file_atomically(path_, text, 0600); !written) return written;
  auto file = open_file(path_);
  if (!file) return std::move(file).error();
  file_ = *std::move(file);
  lines_ = processes_.size();
  return {};
}

}  // namespace studyctl
