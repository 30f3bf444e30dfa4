#include "cli/status_text.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace studyctl {
namespace {

constexpr size_t kMostRunning = 8;
constexpr size_t kMostFailures = 4;

bool starts_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
}

Duration from_seconds(double seconds) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

std::string repeat(const std::string& text, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += text;
  return all;
}

uint64_t done_of(const Status& status) {
  uint64_t done = 0;
  for (size_t i = 0; i < kRepetitionStates; ++i)
    if (is_final(static_cast<RepetitionState>(i))) done += status.counts.at(i);
  return done;
}

std::string bar(double fraction, size_t width) {
  const auto full = static_cast<size_t>(std::floor(fraction * static_cast<double>(width)));
  return "[" + repeat("█", full) + repeat("░", width - full) + "]";
}

std::string counts_text(const Status& status) {
  std::string text;
  const auto add = [&](RepetitionState state, const char* word) {
    if (const uint64_t count = status.counts.at(static_cast<size_t>(state)); count > 0)
      text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + word;
  };
  add(RepetitionState::Succeeded, "succeeded");
  add(RepetitionState::Cached, "cached");
  add(RepetitionState::Failed, "failed");
  add(RepetitionState::Infeasible, "infeasible");
  add(RepetitionState::Cancelled, "cancelled");
  add(RepetitionState::Skipped, "skipped");
  add(RepetitionState::Running, "running");
  add(RepetitionState::Starting, "starting");
  add(RepetitionState::Waiting, "waiting");
  return text;
}

std::string head_line(const Status& status, Instant now) {
  std::string line = status.study + "  " + std::string(name_of(shown_state(status, now)));
  if (status.started_at) line += "  " + human_duration(status.finished_at.value_or(now) - *status.started_at);
  if (!status.state_reason.empty() && status.state_reason != "started")
    line += "  (" + status.state_reason + ")";
  return line;
}

std::string bar_line(const Status& status, size_t width) {
  const uint64_t done = done_of(status);
  const double fraction =
      status.total == 0 ? 0 : static_cast<double>(done) / static_cast<double>(status.total);
  std::string line = bar(fraction, std::clamp<size_t>(width / 3, 10, 40)) + " " + std::to_string(done) + "/" +
                     std::to_string(status.total) + "  " + std::to_string(static_cast<int>(fraction * 100)) +
                     "%";
  if (status.eta_seconds && !is_final(status.state))
    line += "  ETA " + human_duration(from_seconds(*status.eta_seconds));
  if (status.avg_duration_seconds)
    line += "  (" + human_duration(from_seconds(*status.avg_duration_seconds)) + " each)";
  return line;
}

std::string current_line(const Status::Current& current, Instant now) {
  std::string line = current.experiment + "  cycle " + std::to_string(current.cycle);
  if (current.attempt > 1) line += "  attempt " + std::to_string(current.attempt);
  if (current.started_at)
    line += "  " + human_duration(std::max(now - *current.started_at, Duration(0)));
  else
    line += "  " + lower(name_of(current.state));
  if (!current.device.empty()) line += "  on " + current.device;
  if (current.progress) line += "  " + std::to_string(static_cast<int>(*current.progress * 100)) + "%";
  if (!current.message.empty()) line += "  " + current.message;
  return line;
}

void add_group(std::vector<std::string>& lines, const char* title, const std::vector<std::string>& group) {
  for (size_t i = 0; i < group.size(); ++i)
    lines.push_back((i == 0 ? std::string(title) : std::string(10, ' ')) + group[i]);
}

}  // namespace

size_t columns_of(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

std::string cut_to(const std::string& text, size_t columns) {
  size_t seen = 0;
  for (size_t i = 0; i < text.size(); ++i)
    if (starts_character(text[i]) && seen++ == columns) return text.substr(0, i);
  return text;
}

std::vector<std::string> live_lines(const Status& status, Instant now, size_t width, size_t height) {
  std::vector<std::string> lines = {head_line(status, now), bar_line(status, width), counts_text(status)};

  std::vector<std::string> running;
  for (const Status::Current& current : status.current)
    if (running.size() < kMostRunning) running.push_back(current_line(current, now));
  if (status.current.size() > running.size())
    running.push_back("and " + std::to_string(status.current.size() - running.size()) + " more");
  add_group(lines, "running   ", running);
  if (status.cooldown_until && *status.cooldown_until > now)
    lines.push_back("cooldown  " + human_duration(*status.cooldown_until - now) + " more");
  else if (running.empty())
    add_group(lines, "waiting   ", status.waiting_for);

  std::vector<std::string> failures;
  for (auto failure = status.failures.rbegin();
       failure != status.failures.rend() && failures.size() < kMostFailures; ++failure)
    failures.push_back(failure->experiment + "  " + std::string(name_of(failure->reason)) + "  " +
                       failure->message);
  add_group(lines, "failures  ", failures);

  if (lines.size() > height) lines.resize(height);
  for (std::string& line : lines) line = cut_to(printable(line), width);
  return lines;
}

std::vector<std::string> summary_lines(const Status& status, Instant now) {
  std::vector<std::string> lines = {head_line(status, now), "  " + counts_text(status)};
  std::string reasons;
  for (size_t i = 1; i < kReasons; ++i) {
    if (status.reasons.at(i) == 0) continue;
    reasons += (reasons.empty() ? "" : ", ") + std::to_string(status.reasons.at(i)) + " " +
               std::string(name_of(static_cast<Reason>(i)));
  }
  if (!reasons.empty()) lines.push_back("  attempts that did not succeed: " + reasons);
  for (const Status::Failure& failure : status.failures)
    lines.push_back("  " + failure.experiment + " cycle " + std::to_string(failure.cycle) + ": " +
                    std::string(name_of(failure.reason)) + ": " + failure.message);
  for (std::string& line : lines) line = printable(line);
  return lines;
}

}  // namespace studyctl
