#include "engine/slurm/canceller.h"

#include <utility>

#include "engine/slurm/submission.h"

namespace studyctl {
namespace {

constexpr Duration kGather{50};
constexpr Duration kAgain = std::chrono::seconds(2);
constexpr size_t kAtOnce = 500;

}  // namespace

void Canceller::end(const TaskId& task, How how) {
  waiting_[how].insert(task);
  flush_after(kGather);
}

void Canceller::flush_after(Duration delay) {
  if (std::exchange(has_timer_, true)) return;
  commands_.after(delay, [this] {
    has_timer_ = false;
    flush();
  });
}

void Canceller::flush() {
  for (const auto& [how, tasks] : std::exchange(waiting_, {})) {
    std::set<TaskId> some;
    for (const TaskId& task : tasks) {
      some.insert(task);
      if (some.size() == kAtOnce) cancel(std::exchange(some, {}), how);
    }
    if (!some.empty()) cancel(some, how);
  }
}

void Canceller::cancel(const std::set<TaskId>& tasks, How how) {
  std::vector<std::string> words = {"scancel"};
  if (how != How::Drop)
    words.insert(words.end(), {"--batch", how == How::Term ? "--signal=USR1" : "--signal=USR2"});
  for (const TaskId& task : tasks) words.push_back(task.text());
  ++under_way_;
  commands_.run(words, [this, tasks, how](const Result<std::string>& answer) {
    --under_way_;
    if (answer) return;
    const bool nobody_answered = answer.error().code == ErrorCode::Unavailable ||
                                 refusal_of(answer.error().message) == Refused::Unknown;
    if (!nobody_answered) return;
    waiting_[how].insert(tasks.begin(), tasks.end());
    flush_after(kAgain);
  });
}

}  // namespace studyctl
