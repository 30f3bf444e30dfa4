#include "http/study_answers.h"

#include "base/text.h"
#include "http/monitor.h"
#include "http/problem.h"
#include "store/commit_stamp.h"
#include "store/keep_mark.h"
#include "study/list_items.h"
#include "study/written_json.h"

namespace studyctl {

ApiResponse StudyAnswers::answer(const std::string& study, const ApiRequest& request) {
  auto body = body_of(study);
  return body ? tagged_json(*std::move(body), request) : problem_of(body.error());
}

// The lock is held while it is made: who comes meanwhile wants the same.
Result<std::string> StudyAnswers::body_of(const std::string& study) {
  const std::lock_guard lock(mutex_);
  std::string stamp = volume_ ? commit_stamp(volume_->database()) : "";
  if (stamp.empty()) {
    auto found = results_.find();
    if (!found) return std::move(found).error();
    volume_ = *std::move(found);
    stamp = commit_stamp(volume_->database());
  }
  if (const auto known = kept_.find(study); known != kept_.end() && known->second.stamp == stamp) {
    const Kept& kept = known->second;
    const auto holder = volume_->holder();
    if (kept.is_driven == (holder && holder->drives(kept.run)) &&
        kept.is_marked == keep_mark(kept.directory).has_value())
      return kept.body;
  }
  kept_.erase(study);
  auto made = make(study, std::move(stamp));
  if (!made) return std::move(made).error();
  return kept_.insert_or_assign(study, *std::move(made)).first->second.body;
}

// What may change is looked at before it is told of: what changes between is seen the next time.
Result<StudyAnswers::Kept> StudyAnswers::make(const std::string& study, std::string stamp) const {
  const auto listed = list_runs(*volume_, study);
  if (!listed) return listed.error();
  if (listed->runs.empty())
    return Error{ErrorCode::NotFound, "there is no study '" + printable(study) + "' here"};
  const RunSummary& newest = listed->runs.front();
  Kept made;
  made.stamp = std::move(stamp);
  made.run = newest.record.id;
  made.directory = volume_->root() / newest.record.directory;
  made.is_driven = listed->holder && listed->holder->drives(made.run);
  made.is_marked = keep_mark(made.directory).has_value();
  const ListItem item = study_item(*listed, newest, listed->runs.size(), SystemClock().now());
  made.body = json_of(item.data, Keys::AsWritten);
  return made;
}

}  // namespace studyctl
