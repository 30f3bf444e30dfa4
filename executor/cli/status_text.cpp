#include "cli/status_text.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "study/run_text.h"
#include "study/table.h"

namespace studyctl {
namespace {

constexpr size_t kMostRunning = 8;
constexpr size_t kMostFailures = 4;
constexpr size_t kLabelColumns = 10;
constexpr size_t kLeastName = 20;

std::string percent(double fraction) {
  return std::to_string(static_cast<int>(fraction * 100)) + "%";
}

std::string bar(double fraction, size_t width) {
  const auto full = static_cast<size_t>(std::floor(fraction * static_cast<double>(width)));
  std::string text = "[";
  for (size_t i = 0; i < width; ++i) text += i < full ? "█" : "░";
  return text + "]";
}

std::string head_line(const Status& status, Instant now) {
  std::string line = status.study + "  " + std::string(name_of(shown_state(status, now)));
  const bool is_driven = liveness_of(status, now) == Liveness::Alive;
  if (status.started_at)
    line += "  " + took_text(status.started_at, status.finished_at, is_driven ? now : status.updated_at);
  if (!status.state_reason.empty() && status.state_reason != "started")
    line += "  (" + status.state_reason + ")";
  return line;
}

std::string bar_line(const Status& status, size_t width) {
  const uint64_t done = count_done(status.counts);
  const double fraction =
      status.total == 0 ? 0 : static_cast<double>(done) / static_cast<double>(status.total);
  std::string line = bar(fraction, std::clamp<size_t>(width / 3, 10, 40)) + " " + std::to_string(done) + "/" +
                     std::to_string(status.total) + "  " + percent(fraction);
  if (status.eta_seconds && status.state == RunState::Running) line += "  ETA " + eta_text(status);
  if (status.avg_duration_seconds) line += "  (" + seconds_text(*status.avg_duration_seconds) + " each)";
  return line;
}

// Names are cut in their middle where there is no room for them and what is said of them.
std::vector<std::string> named_lines(std::vector<Row> rows, size_t room) {
  size_t rest = 0;
  for (const Row& row : rows) rest = std::max(rest, columns_of(join(std::span(row).subspan(1), "  ")) + 2);
  const size_t columns = std::max(kLeastName, room - std::min(rest, room / 2));
  for (Row& row : rows) row.front() = cut_middle(row.front(), columns);
  return aligned(rows);
}

std::vector<std::string> running_lines(const Status& status, Instant now, size_t room) {
  std::vector<Row> rows;
  for (const Status::Current& current : status.current) {
    if (rows.size() == kMostRunning) break;
    std::string which = "cycle " + std::to_string(current.cycle);
    if (current.attempt > 1) which += "  attempt " + std::to_string(current.attempt);
    rows.push_back({current.experiment, which, doing_text(current, now)});
  }
  std::vector<std::string> lines = named_lines(std::move(rows), room);
  if (status.current.size() > lines.size())
    lines.push_back("and " + std::to_string(status.current.size() - lines.size()) + " more");
  return lines;
}

std::vector<std::string> failure_lines(const Status& status, size_t room) {
  std::vector<Row> rows;
  for (auto failure = status.failures.rbegin();
       failure != status.failures.rend() && rows.size() < kMostFailures; ++failure)
    rows.push_back({failure->experiment, std::string(name_of(failure->reason)), failure->message});
  return named_lines(std::move(rows), room);
}

void add_group(std::vector<std::string>& lines, std::string title, const std::vector<std::string>& group) {
  for (const std::string& line : group) {
    title.resize(kLabelColumns, ' ');
    lines.push_back(title + line);
    title.clear();
  }
}

}  // namespace

std::string doing_text(const Status::Current& current, Instant now) {
  std::string text =
      current.started_at ? took_text(current.started_at, {}, now) : lower(name_of(current.state));
  if (!current.device.empty()) text += " on " + current.device;
  if (current.progress) text += ", " + percent(*current.progress);
  if (!current.message.empty()) text += ", " + current.message;
  return text;
}

std::vector<std::string> live_lines(const Status& status, Instant now, size_t width, size_t height) {
  const size_t room = width > kLabelColumns ? width - kLabelColumns : 0;
  std::vector<std::string> lines = {head_line(status, now), bar_line(status, width),
                                    counts_text(status.counts)};
  add_group(lines, "running", running_lines(status, now, room));
  if (status.cooldown_until && *status.cooldown_until > now)
    add_group(lines, "cooldown", {human_duration(*status.cooldown_until - now) + " more"});
  else if (status.current.empty())
    add_group(lines, "waiting", status.waiting_for);
  add_group(lines, "failures", failure_lines(status, room));
  if (lines.size() > height) lines.resize(height);
  for (std::string& line : lines) line = cut_to(printable(line), width);
  return lines;
}

std::vector<std::string> summary_lines(const Status& status, Instant now) {
  std::vector<std::string> lines = {head_line(status, now), "  " + counts_text(status.counts)};
  const std::string reasons = reasons_text(status.reasons);
  if (!reasons.empty()) lines.push_back("  attempts that did not succeed: " + reasons);
  for (const Status::Failure& failure : status.failures)
    lines.push_back("  " + failure.experiment + " cycle " + std::to_string(failure.cycle) + ": " +
                    std::string(name_of(failure.reason)) + ": " + failure.message);
  for (std::string& line : lines) line = printable(line);
  return lines;
}

std::string eta_text(const Status& status) {
  std::string text = seconds_text(status.eta_seconds.value_or(0));
  if (status.eta_p90_seconds && seconds_text(*status.eta_p90_seconds) != text)
    text += " (90%: " + seconds_text(*status.eta_p90_seconds) + ")";
  return text;
}

std::string progress_text(const ProgressLine& line) {
  const auto state = repetition_state_named(line.to);
  const bool is_retried = state == RepetitionState::Waiting && line.attempt > 0;
  const bool has_ended = state && is_final(*state) && state != RepetitionState::Cached;
  if (line.experiment.empty() || !(is_retried || has_ended)) return "";
  std::string text = format_instant(line.at) + " " + line.experiment + " cycle " +
                     std::to_string(line.cycle) + ": " + (is_retried ? "to be retried" : line.to);
  if (!line.reason.empty() && line.reason != name_of(Reason::Completed)) text += " (" + line.reason + ")";
  if (line.duration) text += " after " + human_duration(*line.duration);
  return printable(text);
}

}  // namespace studyctl
