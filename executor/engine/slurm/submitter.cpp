#include "engine/slurm/submitter.h"

#include <algorithm>

#include "engine/slurm/batch_script.h"

namespace studyctl {
namespace {

constexpr Duration kGather{200};
constexpr Duration kAskAgain = std::chrono::seconds(5);
constexpr Duration kLongestPause = std::chrono::seconds(60);
constexpr Duration kRoom = std::chrono::seconds(1);  // until Slurm, too, has seen an end

}  // namespace

void Submitter::set_site(const SlurmSite& site) {
  most_ = std::max<size_t>(1, std::min(site.array_size, site.jobs > 1 ? site.jobs - 1 : 1));
  at_once_ = most_;
}

void Submitter::add(Item item) {
  waiting_.push_back(std::move(item));
  flush_after(kGather);
}

bool Submitter::drop(const AttemptId& attempt) {
  return std::erase_if(waiting_, [&](const Item& item) { return item.attempt == attempt; }) > 0;
}

void Submitter::on_room() {
  if (pause_ == Duration(0) || waiting_.empty() || std::exchange(has_wake_, true)) return;
  commands_.after(kRoom, [this] {
    has_wake_ = false;
    flush();
  });
}

void Submitter::flush_after(Duration delay) {
  if (std::exchange(has_timer_, true)) return;
  commands_.after(delay, [this] {
    has_timer_ = false;
    flush();
  });
}

void Submitter::flush() {
  if (is_busy_ || waiting_.empty()) return;
  std::erase_if(waiting_, [](const Item& item) { return !item.home.is_untouched(); });  // withdrawn meanwhile
  if (waiting_.empty()) return;
  is_busy_ = true;
  prepare(take_batch());
}

Submitter::Batch Submitter::take_batch() {
  const std::string run = waiting_.front().run;
  const std::vector<std::string> options = waiting_.front().options;
  Batch batch{batch_name(volume_, run), {}};
  std::vector<Item> others;
  for (Item& item : waiting_) {
    const bool fits = item.run == run && item.options == options && batch.items.size() < at_once_;
    (fits ? batch.items : others).push_back(std::move(item));
  }
  waiting_ = std::move(others);
  return batch;
}

// What is to be found again by a later controller is on disk before Slurm hears of it.
void Submitter::prepare(Batch batch) {
  std::vector<std::filesystem::path> homes;
  for (const Item& item : batch.items) {
    const auto index = static_cast<uint32_t>(homes.size());
    if (auto noted = item.home.note_place({batch.name, index}); !noted)
      return put_back_later(std::move(batch), noted.error().message);
    homes.push_back(item.home.path());
  }
  commands_.run(
      AttemptHome::sync_words(homes),
      [this, batch = std::move(batch)](const Result<std::string>& /*what was withdrawn is gone*/) mutable {
        submit(std::move(batch));
      });
}

void Submitter::submit(Batch batch) {
  std::vector<std::filesystem::path> homes;
  for (const Item& item : batch.items) homes.push_back(item.home.path());
  const Item& first = batch.items.front();
  const auto words =
      sbatch_words({batch.name, comment_of(volume_, first.run), batch.items.size(), first.options});
  commands_.run(words, batch_script(homes),
                [this, batch = std::move(batch)](const Result<std::string>& answer) mutable {
                  on_answer(std::move(batch), answer);
                });
}

void Submitter::on_answer(Batch batch, const Result<std::string>& answer) {
  const auto job = answer ? parse_submission(*answer) : std::nullopt;
  if (job) return on_submitted(batch, *job);
  const std::string why = answer ? "sbatch says: " + *answer : answer.error().message;
  const bool nobody_answered = !answer && answer.error().code == ErrorCode::Unavailable;
  const Refused refused = nobody_answered ? Refused::Unknown : refusal_of(why);
  if (refused == Refused::Unknown) return look_for(std::move(batch), error_line(why));
  if (refused == Refused::ForNow) {
    const std::string said = "Slurm takes no more jobs now: " + limit_in(why);
    at_once_ = std::max<size_t>(1, batch.items.size() / 2);
    if (batch.items.size() > 1) return put_back(std::move(batch), said, kRoom);
    return put_back_later(std::move(batch), said);
  }
  is_busy_ = false;
  for (const Item& item : batch.items)
    callbacks_.refused(item.attempt, "Slurm refused it: " + error_line(why));
  flush();
}

void Submitter::on_submitted(const Batch& batch, const std::string& job) {
  is_busy_ = false;
  pause_ = Duration(0);
  at_once_ = std::min(most_, at_once_ * 2);
  for (size_t i = 0; i < batch.items.size(); ++i)
    callbacks_.submitted(batch.items[i].attempt, {job, static_cast<uint32_t>(i)});
  flush();
}

// It may have arrived: only when Slurm answers that it has not, it is submitted again.
void Submitter::look_for(Batch batch, const std::string& why) {
  for (const Item& item : batch.items) callbacks_.waits(item.attempt, "Slurm does not answer: " + why);
  commands_.after(kAskAgain, [this, why, batch = std::move(batch)]() mutable {
    const std::vector<std::string> words = {
        "squeue",       "--noheader",           "--array",
        "--states=all", "--name=" + batch.name, std::string("--Format=") + kQueueFormat};
    commands_.run(words, [this, why, batch = std::move(batch)](const Result<std::string>& answer) mutable {
      if (!answer) return look_for(std::move(batch), error_line(answer.error().message));
      const auto tasks = parse_queue(*answer);
      if (tasks.empty()) return put_back_later(std::move(batch), "Slurm does not answer: " + why);
      on_submitted(batch, tasks.front().id.array);
    });
  });
}

void Submitter::put_back_later(Batch batch, const std::string& why) {
  put_back(std::move(batch), why, std::clamp(pause_ * 2, kAskAgain, kLongestPause));
}

void Submitter::put_back(Batch batch, const std::string& why, Duration pause) {
  is_busy_ = false;
  pause_ = pause;
  for (const Item& item : batch.items) callbacks_.waits(item.attempt, why);
  waiting_.insert(waiting_.begin(), std::make_move_iterator(batch.items.begin()),
                  std::make_move_iterator(batch.items.end()));
  flush_after(pause_);
}

}  // namespace studyctl
