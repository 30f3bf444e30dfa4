#include "http/event_stream.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "base/fd.h"
#include "http/query.h"
#include "store/progress_line.h"
#include "store/status_file.h"

namespace studyctl {
namespace {

constexpr size_t kBlock = 64 << 10;
constexpr Duration kEndLook{500};     // between two looks whether the run has ended
constexpr Duration kSilence{15'000};  // then a comment says that it is still there
constexpr const char* kProgress = "progress.jsonl";

// The lines of progress.jsonl that follow a seq.
class ProgressReader {
 public:
  static Result<ProgressReader> open(const std::filesystem::path& run_directory, uint64_t after) {
    const std::filesystem::path file = run_directory / kProgress;
    ProgressReader reader(Fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)));
    if (!reader.fd_) return errno_error(file.string());
    if (after > 0) reader.seek(after);
    return reader;
  }

  // Whole lines only; empty at the end of what is written yet.
  std::string peek() const {
    struct stat status {};
    if (fstat(fd_.get(), &status) != 0 || status.st_size <= offset_) return "";
    std::string bytes(std::min(kBlock, static_cast<size_t>(status.st_size - offset_)), '\0');
    const ssize_t got = pread(fd_.get(), bytes.data(), bytes.size(), offset_);
    bytes.resize(static_cast<size_t>(std::max<ssize_t>(got, 0)));
    const size_t end = bytes.rfind('\n');
    bytes.resize(end == std::string::npos ? 0 : end + 1);  // a line that is being written; none is so long
    return bytes;
  }
  std::string read() {
    std::string bytes = peek();
    offset_ += static_cast<off_t>(bytes.size());
    return bytes;
  }

 private:
  explicit ProgressReader(Fd fd) : fd_(std::move(fd)) {}

  // To the first line whose seq is above `after`: they ascend.
  void seek(uint64_t after) {
    struct stat status {};
    if (fstat(fd_.get(), &status) != 0) return;
    off_t low = 0, high = status.st_size;  // a line that begins before low is not above, one from high on is
    while (low < high) {
      const off_t middle = low + (high - low) / 2;
      const auto [begin, line] = line_from(middle);
      const auto seq = progress_from_json(line);
      if (line.empty() || !seq || seq->seq > after) {
        high = middle;
      } else {
        low = begin + static_cast<off_t>(line.size()) + 1;
      }
    }
    offset_ = low == 0 ? 0 : line_from(low).first;
  }
  // The first line that begins at `offset` or behind it.
  std::pair<off_t, std::string> line_from(off_t offset) const {
    std::string bytes(kBlock, '\0');
    const off_t from = std::max<off_t>(offset - 1, 0);
    const ssize_t got = pread(fd_.get(), bytes.data(), bytes.size(), from);
    bytes.resize(static_cast<size_t>(std::max<ssize_t>(got, 0)));
    size_t begin = 0;
    if (offset > 0) {
      begin = bytes.find('\n');
      if (begin == std::string::npos) return {offset, ""};
      ++begin;
    }
    const size_t end = bytes.find('\n', begin);
    return {from + static_cast<off_t>(begin),
            end == std::string::npos ? "" : bytes.substr(begin, end - begin)};
  }

  Fd fd_;
  off_t offset_ = 0;
};

// One follower.
class Follower {
 public:
  Follower(ProgressReader reader, std::filesystem::path status)
      : reader_(std::move(reader)), status_(std::move(status)) {}

  std::optional<std::string> more() {
    if (has_ended_) return std::nullopt;
    // Looked at before the file is: what led to the end stands there by then.
    const bool looks_for_end = clock_.steady() >= next_end_look_;
    std::optional<std::string> end = looks_for_end ? end_of_run() : std::nullopt;
    if (std::string events = events_of(reader_.read()); !events.empty()) return told(std::move(events));
    if (looks_for_end) next_end_look_ = clock_.steady() + kEndLook;
    if (end) has_ended_ = true;
    if (end) return end;
    return clock_.steady() - told_at_ < kSilence ? std::string() : told(": still there\n\n");
  }

 private:
  std::string told(std::string text) {
    told_at_ = clock_.steady();
    return text;
  }

  std::optional<std::string> end_of_run() const {
    const Result<Status> status = read_status(status_);
    if (!status || !is_final(status->state)) return std::nullopt;
    const nlohmann::json data = {{"state", name_of(status->state)}, {"reason", status->state_reason}};
    return "event: end\ndata: " + data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
           "\n\n";
  }

  static std::string events_of(std::string_view lines) {
    std::string events;
    while (!lines.empty()) {
      const std::string_view line = lines.substr(0, lines.find('\n'));
      lines.remove_prefix(line.size() + 1);
      const auto read = progress_from_json(line);
      if (!read) continue;
      events += "id: " + std::to_string(read->seq) +
                (read->experiment.empty() ? "\nevent: run\ndata: " : "\nevent: repetition\ndata: ");
      events += line;
      events += "\n\n";
    }
    return events;
  }

  ProgressReader reader_;
  std::filesystem::path status_;
  SystemClock clock_;
  Steady told_at_ = clock_.steady();
  Steady next_end_look_{};
  bool has_ended_ = false;
};

// A header that a browser sends by itself wins over what its page asked for first.
Result<uint64_t> after_of(const ApiRequest& request) {
  for (const auto& [where, name] :
       {std::pair(&request.headers, "last-event-id"), {&request.query, "after"}}) {
    const auto found = where->find(name);
    if (found == where->end()) continue;
    uint64_t after = 0;
    if (!read_number(found->second, after))
      return Error{ErrorCode::Invalid, std::string(name) + ": must be the id of an event, a number"};
    return after;
  }
  return uint64_t{0};
}

}  // namespace

ApiResponse event_stream(const std::filesystem::path& run_directory, const ApiRequest& request) {
  const auto after = after_of(request);
  if (!after) return problem(400, after.error().message);
  const std::filesystem::path status = run_directory / "status.json";
  const Result<Status> now = read_status(status);
  auto reader = ProgressReader::open(run_directory, *after);
  if (!reader) return problem(503, "the run has not begun");
  if (*after > 0 && now && is_final(now->state) && reader->peek().empty()) return {204, "", ""};
  ApiResponse response{200, "", "text/event-stream", {{"Cache-Control", "no-store"}}};
  // std::function wants to be copied.
  response.more = [follower = std::make_shared<Follower>(*std::move(reader), status)] {
    return follower->more();
  };
  return response;
}

}  // namespace studyctl
