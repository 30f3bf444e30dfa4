#include "store/announcer.h"

#include <algorithm>

#include "base/text.h"

namespace studyctl {
namespace {

// Of a run that fails all over, nobody reads more; its end tells how many there were.
constexpr int64_t kMostFailuresTold = 1000;

}  // namespace

Result<void> Announcer::set_rules(const std::vector<Notification>& rules) {
  rules_ = rules;
  Transaction transaction(studies_);
  studies_.run("DELETE FROM notifications WHERE run = ?", run_);
  for (const Notification& rule : rules)
    studies_.run("INSERT INTO notifications (run, name, rule) VALUES (?, ?, ?)", run_, rule.name,
                 to_json(rule));
  return transaction.commit();
}

void Announcer::load() {
  due_.clear();
  Rows row = studies_.query("SELECT message, started_at FROM runs WHERE id = ?", run_);
  if (!row.next()) return;
  message_ = row.string(0);
  started_at_ = row.maybe_instant(1);
}

void Announcer::apply(const Event& event) {
  if (!rules_.empty())
    for (const Occasion occasion : occasions_of(event, message_)) {
      const auto* ended = std::get_if<AttemptEnded>(&event.fact);
      due_.push_back({occasion, event.seq, event.at, ended ? std::optional(*ended) : std::nullopt});
    }
  if (const auto* moved = std::get_if<RunStateChanged>(&event.fact)) {
    message_ = moved->message;
    if (moved->state == RunState::Running && !started_at_) started_at_ = event.at;
  }
}

bool Announcer::is_wanted(const Notification& rule, const Announcement& one) {
  if (std::find(rule.on.begin(), rule.on.end(), one.occasion) == rule.on.end()) return false;
  if (one.at - started_at_.value_or(one.at) < rule.min_duration) return false;
  if (one.occasion != Occasion::ExperimentFailed) return true;
  Rows told = studies_.query("SELECT count(*) FROM messages WHERE run = ? AND rule = ? AND occasion = ?",
                             run_, rule.name, name_of(one.occasion));
  return told.next() && told.integer(0) < kMostFailuresTold;
}

void Announcer::save() {
  wrote_ = false;
  for (const Announcement& one : std::exchange(due_, {})) {
    std::string data;
    for (const Notification& rule : rules_) {
      if (!is_wanted(rule, one)) continue;
      if (data.empty()) data = data_of(one);
      // An event that is written once more has the same message.
      studies_.run(
          "INSERT OR IGNORE INTO messages (name, run, rule, occasion, at, data, next_at, destination) SELECT "
          "uuid || ?1, id, ?2, ?3, ?4, ?5, ?4, ?6 FROM runs WHERE id = ?7",
          "-" + std::to_string(one.seq) + "-" + rule.name + "-" + lower(name_of(one.occasion)), rule.name,
          name_of(one.occasion), one.at, data, destination_of(rule), run_);
      wrote_ = true;
    }
  }
}

std::string Announcer::data_of(const Announcement& one) {
  Rows row = studies_.query(
      "SELECT studies.name, directory, uuid, state, message, runs.started_at, total, succeeded + cached, "
      "failed, "
      "infeasible, cancelled, skipped FROM runs JOIN studies ON studies.id = runs.study WHERE runs.id = ?",
      run_);
  if (!row.next()) return "{}";
  const auto count = [&](int column) { return static_cast<uint64_t>(row.integer(column)); };
  const RunNow run{
      row.string(0), row.string(1), row.string(2), row.string(3), row.string(4), row.maybe_instant(5),
      count(6),      count(7),      count(8),      count(9),      count(10),     count(11)};
  return announcement_json(run, one,
                           one.failed ? std::optional(describe_(one.failed->key.repetition)) : std::nullopt);
}

}  // namespace studyctl
