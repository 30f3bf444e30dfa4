#include "cli/log_follower.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/text.h"
#include "store/progress_line.h"

namespace studyctl {

std::string log_prefix(const AttemptPlace& place) {
  std::string prefix = place.experiment + " c" + std::to_string(place.cycle);
  if (place.attempt > 1) prefix += " a" + std::to_string(place.attempt);
  return "[" + printable(prefix) + "] ";
}

LogFollower::LogFollower(const ChosenRun& chosen, LogStyle style, LogStart start)
    : chosen_(chosen), style_(style), start_(start) {}

Result<void> LogFollower::begin() {
  const std::filesystem::path path = chosen_.directory.path() / "progress.jsonl";
  progress_ = Fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!progress_) return errno_error(path.string());
  // Its end before the list: what begins in between is then in both, and followed once.
  lseek(progress_.get(), 0, SEEK_END);
  RepetitionFilter filter;
  filter.states = {RepetitionState::Starting, RepetitionState::Running};
  return chosen_.catalog.repetitions(chosen_.run.record.id, filter, [&](const RepetitionSummary& repetition) {
    follow({repetition.experiment, repetition.key.cycle, repetition.attempt}, start_);
    return true;
  });
}

void LogFollower::pump() {
  read_progress();
  for (const AttemptPlace& place : std::exchange(without_files_, {})) follow(place, {});
  for (auto& [attempt, reader] : readers_) reader.pump();
}

void LogFollower::finish() {
  pump();
  for (auto& [attempt, reader] : readers_) reader.finish();
  readers_.clear();
}

void LogFollower::read_progress() {
  char buffer[1 << 16];
  for (ssize_t got = 0; (got = read(progress_.get(), buffer, sizeof buffer)) > 0;) {
    torn_.append(buffer, static_cast<size_t>(got));
    size_t begin = 0;
    for (size_t end = 0; (end = torn_.find('\n', begin)) != std::string::npos; begin = end + 1)
      on_line(torn_.substr(begin, end - begin));
    torn_.erase(0, begin);
  }
}

void LogFollower::on_line(const std::string& text) {
  const auto line = progress_from_json(text);
  if (!line || line->experiment.empty() || line->attempt == 0) return;
  const AttemptPlace place{line->experiment, line->cycle, line->attempt};
  const auto state = repetition_state_named(line->to);
  // Also one that has ended: it may have come and gone between two looks.
  follow(place, {});
  if (state == RepetitionState::Starting || state == RepetitionState::Running) return;
  // One that never had files (its image could not be had) will have none.
  std::erase_if(without_files_,
                [&](const AttemptPlace& one) { return FollowedAttempt{one} == FollowedAttempt{place}; });
  const auto reader = readers_.find({place});
  if (reader == readers_.end()) return;
  reader->second.finish();
  readers_.erase(reader);
}

void LogFollower::follow(const AttemptPlace& place, const LogStart& start) {
  if (readers_.contains({place})) return;
  std::erase_if(without_files_,
                [&](const AttemptPlace& one) { return FollowedAttempt{one} == FollowedAttempt{place}; });
  const auto directory = chosen_.directory.locate(place);
  auto reader =
      directory ? LogReader::open(*directory, LogPrinter(stdout, style_, log_prefix(place)), style_, start)
                : Result<LogReader>(directory.error());
  if (reader) {
    readers_.emplace(FollowedAttempt{place}, *std::move(reader));
  } else {
    without_files_.push_back(place);
  }
}

}  // namespace studyctl
