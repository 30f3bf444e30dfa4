#include "cli/log_follower.h"

#include <utility>

#include "base/text.h"

namespace studyctl {

std::string log_prefix(const AttemptPlace& place) {
  std::string prefix = place.experiment + " c" + std::to_string(place.cycle);
  if (place.attempt > 1) prefix += " a" + std::to_string(place.attempt);
  return "[" + printable(prefix) + "] ";
}

LogFollower::LogFollower(const ChosenRun& chosen, LogStyle style, LogStart start)
    : chosen_(chosen), style_(style), start_(start) {}

Result<void> LogFollower::begin() {
  // Its end before the list: what begins in between is then in both, and followed once.
  auto progress = ProgressTail::open(chosen_.directory.path(), ProgressTail::From::End);
  if (!progress) return std::move(progress).error();
  progress_ = *std::move(progress);
  RepetitionFilter filter;
  filter.states = {RepetitionState::Starting, RepetitionState::Running};
  return chosen_.catalog.repetitions(chosen_.run.record.id, filter, [&](const RepetitionSummary& repetition) {
    follow({repetition.experiment, repetition.key.cycle, repetition.attempt}, start_);
    return true;
  });
}

void LogFollower::pump() {
  progress_->read([&](const ProgressLine& line) { on_line(line); });
  for (const AttemptPlace& place : std::exchange(without_files_, {})) follow(place, {});
  for (auto& [place, reader] : readers_) reader.pump();
}

void LogFollower::finish() {
  pump();
  for (auto& [place, reader] : readers_) reader.finish();
  readers_.clear();
}

void LogFollower::on_line(const ProgressLine& line) {
  if (line.experiment.empty() || line.attempt == 0) return;
  const AttemptPlace place{line.experiment, line.cycle, line.attempt};
  const auto state = repetition_state_named(line.to);
  // Also one that has ended: it may have come and gone between two looks.
  follow(place, {});
  if (state == RepetitionState::Starting || state == RepetitionState::Running) return;
  // One that never had files (its image could not be had) will have none.
  without_files_.erase(place);
  if (auto ended = readers_.extract(place)) ended.mapped().finish();
}

void LogFollower::follow(const AttemptPlace& place, const LogStart& start) {
  if (readers_.contains(place)) return;
  without_files_.erase(place);
  const auto directory = chosen_.directory.locate(place);
  auto reader =
      directory ? LogReader::open(*directory, LogPrinter(stdout, style_, log_prefix(place)), style_, start)
                : Result<LogReader>(directory.error());
  if (reader) {
    readers_.emplace(place, *std::move(reader));
  } else {
    without_files_.insert(place);
  }
}

}  // namespace studyctl
