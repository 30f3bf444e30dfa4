#include "store/harvest/failure.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "store/harvest/merged_log.h"
#include "store/harvest/small_file.h"
#include "store/harvest/workload_json.h"

namespace studyctl {
namespace {

constexpr size_t kLongestPart = 64u << 10;
constexpr size_t kLongestJson = 4u << 20;
constexpr size_t kLastLines = 50;
constexpr size_t kLongestLastLine = 1000;
constexpr uint64_t kLogTail = 256u << 10;
constexpr size_t kStderrTail = 64u << 10;
constexpr size_t kMessageLines = 5;
constexpr std::string_view kTraceback = "Traceback (most recent call last):";

std::string_view trim_right(std::string_view line) {
  while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
  return line;
}

std::optional<AttemptDirectory::File> termination_file(const std::filesystem::path& path,
                                                       const AttemptDirectory& directory,
                                                       const std::filesystem::path& message) {
  if (message.empty()) return std::nullopt;
  // Below the attempt's directory the workload may have put links on the way to it.
  const std::filesystem::path below = message.lexically_relative(path);
  const bool is_below = !below.empty() && *below.begin() != "..";
  const auto parent = is_below ? Result<AttemptDirectory>(Error{ErrorCode::NotFound, {}})
                               : AttemptDirectory::open(message.parent_path());
  if (!is_below && !parent) return std::nullopt;
  auto file = is_below ? directory.open_file(below.string()) : parent->open_file(message.filename().string());
  if (!file) return std::nullopt;
  return std::move(*file);
}

std::optional<FailureRecord> from_error_json(const AttemptDirectory& directory) {
  const auto file = directory.open_file("error.json");
  if (!file || file->size == 0) return std::nullopt;
  const std::string text = read_ends(*file, kLongestJson);
  if (auto record = failure_from_json(text)) return record;
  return FailureRecord{"", cut_in_the_middle(text, kLongestPart), "", {}};
}

std::optional<FailureRecord> from_termination_message(const std::filesystem::path& path,
                                                      const AttemptDirectory& directory,
                                                      const std::filesystem::path& message) {
  const auto file = termination_file(path, directory, message);
  if (!file || file->size == 0) return std::nullopt;
  const std::string text = read_ends(*file, kLongestPart);
  if (trim(text).empty()) return std::nullopt;
  if (auto record = failure_from_json(text)) return record;
  return FailureRecord{"", text, "", {}};
}

// "ValueError: no such basis" → type and message.
void take_apart(std::string_view last_line, FailureRecord& record) {
  const size_t colon = last_line.find(": ");
  const std::string_view type = last_line.substr(0, colon);
  const bool is_name = !type.empty() && type.find_first_of(" \t'\"(") == std::string_view::npos;
  if (is_name) record.type = type;
  record.message = is_name && colon != std::string_view::npos ? last_line.substr(colon + 2) : last_line;
}

FailureRecord from_lines(const std::vector<std::string>& lines) {
  FailureRecord record;
  const auto last_traceback = std::find_if(lines.rbegin(), lines.rend(), [](const std::string& line) {
    return line.find(kTraceback) != std::string::npos;
  });
  if (last_traceback != lines.rend()) {
    auto end = last_traceback.base();
    // What is indented is its frames; the first line that is not says what was raised.
    while (end != lines.end() && (end->empty() || end->front() == ' ')) ++end;
    if (end != lines.end()) {
      take_apart(*end, record);
      record.traceback = join({last_traceback.base() - 1, end + 1}, "\n");
      return record;
    }
  }
  std::vector<std::string> said;
  for (const std::string& line : lines) {
    if (!trim(line).empty()) said.push_back(line);
  }
  const size_t from = said.size() - std::min(said.size(), kMessageLines);
  record.message = join(std::span<const std::string>(said).subspan(from), "\n");
  return record;
}

// Not from the merged lines: a chatty stdout may have pushed them out.
std::vector<std::string> stderr_tail(const AttemptDirectory& directory) {
  const auto file = directory.open_file("stderr.log");
  if (!file) return {};
  std::vector<std::string> lines = split(read_tail(*file, kStderrTail), '\n');
  for (std::string& line : lines) line = printable(trim_right(line).substr(0, kLongestLastLine));
  return lines;
}

}  // namespace

FailureRecord read_failure(const std::filesystem::path& path, const AttemptDirectory& directory,
                           const std::filesystem::path& termination_message) {
  std::vector<std::string> last_lines;
  for (const LogLine& line : last_log_lines(path, kLastLines, kLogTail))
    last_lines.push_back(printable(trim_right(line.text).substr(0, kLongestLastLine)));
  auto told = from_error_json(directory);
  if (!told) told = from_termination_message(path, directory, termination_message);
  if (!told) told = from_lines(stderr_tail(directory));
  // Many a program says on stdout what went wrong.
  if (told->type.empty() && told->message.empty()) told = from_lines(last_lines);
  FailureRecord record = std::move(*told);
  for (std::string* part : {&record.type, &record.message, &record.traceback}) {
    *part = printable_lines(cut_in_the_middle(*part, kLongestPart));
  }
  record.last_lines = std::move(last_lines);
  return record;
}

}  // namespace studyctl
