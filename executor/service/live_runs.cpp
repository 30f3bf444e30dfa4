#include "service/live_runs.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "store/catalog.h"

namespace studyctl {
namespace {

constexpr std::chrono::seconds kAnswerWithin{60};

}  // namespace

Gateway::Answer await_answer(std::future<Gateway::Answer>& answer) {
  if (answer.wait_for(kAnswerWithin) != std::future_status::ready)
    return Error{ErrorCode::Unavailable, "the controller does not answer"};
  try {
    return answer.get();
  } catch (const std::future_error&) { return Error{ErrorCode::Unavailable, "the controller has ended"}; }
}

Result<std::unique_ptr<LiveRuns>> LiveRuns::take(const ResultsVolume& volume, LockHolder holder) {
  auto lock = volume.lock(holder);
  if (!lock) return std::move(lock).error();
  std::unique_ptr<LiveRuns> live(new LiveRuns(volume, *std::move(lock), std::move(holder)));
  live->look_for_unfinished();
  return live;
}

// Where nobody can tell, every run may be one.
void LiveRuns::look_for_unfinished() {
  const auto catalog = Catalog::of(volume_);
  const auto runs = catalog ? catalog->unfinished() : Result<std::vector<RunSummary>>(catalog.error());
  const bool is_known = runs || runs.error().code == ErrorCode::NotFound;
  if (!is_known) log::warning(runs.error().message);
  std::map<std::string, std::string> unfinished;
  if (runs)
    for (const RunSummary& run : *runs) unfinished[run.record.id] = run.record.study;
  std::lock_guard lock(mutex_);
  unfinished_ = is_known ? std::optional(std::move(unfinished)) : std::nullopt;
}

void LiveRuns::start_notifier(const ResultsVolume& volume, NotifierOptions options) {
  notifier_ = std::make_unique<Notifier>(volume, std::move(options));
}

Result<void> LiveRuns::hold(const std::string& study, const std::string& run) {
  std::lock_guard lock(mutex_);
  holder_.runs.push_back({study, run});
  return lock_.rename(holder_);
}

bool LiveRuns::holds(const std::string& run) const {
  std::lock_guard lock(mutex_);
  return holder_.drives(run);
}

bool LiveRuns::spares(const std::string& run, const std::string& study) const {
  std::lock_guard lock(mutex_);
  if (holder_.drives(run) || !unfinished_) return true;
  const auto found = unfinished_->find(run);
  return found != unfinished_->end() && found->second != study;
}

Result<void> LiveRuns::enter(const std::string& run, Run entry) {
  std::lock_guard lock(mutex_);
  std::erase_if(holder_.runs, [&](const HeldRun& held) {
    return held.run == run || (held.run.empty() && held.study == entry.study);
  });
  holder_.runs.push_back({entry.study, run});
  runs_[run] = std::move(entry);
  return lock_.rename(holder_);
}

void LiveRuns::leave(const std::string& run) {
  std::lock_guard lock(mutex_);
  runs_.erase(run);
}

void LiveRuns::release(const std::string& run) {
  cores_.hold(run, {});
  look_for_unfinished();
  std::lock_guard lock(mutex_);
  std::erase_if(holder_.runs, [&](const HeldRun& held) { return held.run == run; });
  if (auto written = lock_.rename(holder_); !written) log::warning(written.error().message);
  released_.notify_all();
}

bool LiveRuns::await_release(const std::string& run, Duration at_most) {
  std::unique_lock lock(mutex_);
  return released_.wait_for(lock, at_most, [&] { return !holder_.drives(run); });
}

std::vector<std::string> LiveRuns::runs() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> ids;
  for (const auto& [run, entry] : runs_) ids.push_back(run);
  return ids;
}

std::vector<std::filesystem::path> LiveRuns::directories() const {
  std::lock_guard lock(mutex_);
  std::vector<std::filesystem::path> paths;
  for (const auto& [run, entry] : runs_) paths.push_back(entry.directory);
  return paths;
}

std::string LiveRuns::study_of(const std::string& run) const {
  std::lock_guard lock(mutex_);
  for (const HeldRun& held : holder_.runs)
    if (held.run == run) return held.study;
  return "";
}

std::set<std::string> LiveRuns::held() const {
  std::lock_guard lock(mutex_);
  std::set<std::string> ids;
  for (const HeldRun& held : holder_.runs) ids.insert(held.run);
  return ids;
}

std::filesystem::path LiveRuns::first_directory() const {
  std::lock_guard lock(mutex_);
  if (holder_.runs.empty()) return {};
  const auto first = runs_.find(holder_.runs.front().run);
  return first == runs_.end() ? std::filesystem::path() : first->second.directory;
}

Gateway::Answer LiveRuns::ask(const std::string& run,
                              const std::function<std::future<Gateway::Answer>(const Run&)>& put) {
  std::future<Gateway::Answer> answer;
  {
    std::lock_guard lock(mutex_);
    const auto found = runs_.find(run);
    if (found == runs_.end() && holder_.drives(run))
      return Error{ErrorCode::Unavailable, "another controller takes the run over: try again"};
    if (found == runs_.end()) return Error{ErrorCode::NotFound, "no controller drives run " + printable(run)};
    answer = put(found->second);
  }
  return await_answer(answer);
}

Gateway::Answer LiveRuns::tell(const std::string& run, const Command& command) {
  return ask(run, [&](const Run& live) { return live.tell(command); });
}

Gateway::Answer LiveRuns::apply(const std::string& run, const std::string& staged, const std::string& who) {
  return ask(run, [&](const Run& live) { return live.apply(staged, who); });
}

}  // namespace studyctl
