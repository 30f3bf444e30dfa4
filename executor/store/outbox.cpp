#include "store/outbox.h"

#include "store/announcer.h"
#include "store/schema.h"

namespace studyctl {
namespace {

const std::string kMessages =
    "SELECT m.id, m.name, runs.uuid, runs.directory, studies.name, m.rule, m.occasion, m.at, m.data, "
    "m.state, "
    "m.tries, m.next_at, m.ended_at, m.destination, m.error FROM messages m JOIN runs ON runs.id = m.run "
    "JOIN studies ON studies.id = runs.study ";

}  // namespace

Result<Outbox> Outbox::open(const std::filesystem::path& database) {
  auto studies = open_studies_for_writing(database);
  if (!studies) return std::move(studies).error();
  return Outbox(*std::move(studies));
}

Result<Outbox> Outbox::open_for_reading(const std::filesystem::path& database) {
  auto studies = open_studies_for_reading(database);
  if (!studies) return std::move(studies).error();
  return Outbox(*std::move(studies));
}

std::vector<Message> Outbox::read(Rows rows) {
  std::vector<Message> messages;
  while (rows.next())
    messages.push_back({rows.integer(0), rows.string(1), rows.string(2), rows.string(3), rows.string(4),
                        rows.string(5), rows.string(6), rows.instant(7), rows.string(8), rows.string(9),
                        static_cast<int>(rows.integer(10)), rows.instant(11), rows.maybe_instant(12),
                        rows.string(13), rows.string(14)});
  return messages;
}

Result<std::vector<Message>> Outbox::heads() {
  auto messages = read(studies_->query(kMessages + "WHERE m.id IN (SELECT min(id) FROM messages WHERE state "
                                                   "= 'Waiting' GROUP BY run, rule) ORDER BY m.id"));
  if (auto done = studies_->outcome(); !done) return std::move(done).error();
  return messages;
}

Result<Notification> Outbox::rule_of(const Message& message) {
  std::string rule;
  {
    Rows row = studies_->query(
        "SELECT rule FROM notifications n JOIN runs ON runs.id = n.run WHERE uuid = ? AND n.name = ?",
        message.run_id, message.rule);
    if (row.next()) rule = row.string(0);
  }
  if (auto done = studies_->outcome(); !done) return std::move(done).error();
  if (rule.empty())
    return Error{ErrorCode::NotFound, "the manifest has no notification '" + message.rule + "' any more"};
  return notification_from_json(rule);
}

Result<void> Outbox::note_sent(const Message& message, Instant at) {
  studies_->run(
      "UPDATE messages SET state = 'Sent', tries = tries + 1, ended_at = ?, error = '' WHERE id = ?", at,
      message.row);
  return studies_->outcome();
}

Result<void> Outbox::note_failed(const Message& message, const std::string& error, Instant next_at) {
  studies_->run("UPDATE messages SET tries = tries + 1, error = ?, next_at = ? WHERE id = ?", error, next_at,
                message.row);
  return studies_->outcome();
}

Result<void> Outbox::note_dead(const Message& message, const std::string& error, Instant at) {
  studies_->run("UPDATE messages SET state = 'Dead', tries = tries + 1, error = ?, ended_at = ? WHERE id = ?",
                error, at, message.row);
  return studies_->outcome();
}

Result<void> Outbox::hasten(const std::string& study_or_run, Instant at) {
  studies_->run(
      "UPDATE messages SET state = 'Waiting', next_at = ?2, ended_at = NULL WHERE state <> 'Sent' AND (?1 = "
      "'' "
      "OR run IN (SELECT runs.id FROM runs JOIN studies ON studies.id = runs.study WHERE ?1 IN "
      "(studies.name, "
      "runs.uuid)))",
      study_or_run, at);
  return studies_->outcome();
}

Result<Outbox::Counts> Outbox::counts(const std::string& run_id) {
  Counts counts;
  {
    Rows rows = studies_->query(
        "SELECT state, count(*) FROM messages WHERE ?1 = '' OR run = (SELECT id FROM runs WHERE uuid = ?1) "
        "GROUP BY state",
        run_id);
    while (rows.next()) {
      const auto number = static_cast<uint64_t>(rows.integer(1));
      const std::string_view state = rows.text(0);
      (state == "Sent" ? counts.sent : state == "Dead" ? counts.dead : counts.waiting) = number;
    }
  }
  if (auto done = studies_->outcome(); !done) return std::move(done).error();
  return counts;
}

Result<bool> Outbox::is_done_with(const std::string& run_id) {
  bool is_done = false;
  {
    Rows row = studies_->query(
        "SELECT finished_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM messages WHERE run = runs.id AND "
        "state = 'Waiting') FROM runs WHERE uuid = ?",
        run_id);
    is_done = row.next() && row.integer(0) != 0;
  }
  if (auto done = studies_->outcome(); !done) return std::move(done).error();
  return is_done;
}

Result<std::vector<Message>> Outbox::list(const std::string& study_or_run, uint64_t limit) {
  auto messages = read(
      studies_->query(kMessages + "WHERE ?1 IN ('', studies.name, runs.uuid) ORDER BY m.id DESC LIMIT ?2",
                      study_or_run, limit));
  if (auto done = studies_->outcome(); !done) return std::move(done).error();
  return messages;
}

}  // namespace studyctl
