#include "carry/depot.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"

// The attempt's side of a depot: see depot_sending.cpp for the other one.
namespace studyctl {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLongestName = 128;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

Result<void> move_to(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) return Error{ErrorCode::Unavailable, to.string() + ": " + error.message()};
  return {};
}

// None where there is no such file.
std::vector<std::string> lines_of(const fs::path& file) {
  const auto text = read_file(file);
  std::vector<std::string> lines = text ? split(*text, '\n') : std::vector<std::string>();
  std::erase_if(lines, [](const std::string& line) { return line.empty(); });
  return lines;
}

}  // namespace

Result<Depot> Depot::of(const fs::path& depots, const std::string& attempt) {
  const bool is_name = !attempt.empty() && attempt.size() <= kLongestName &&
                       std::all_of(attempt.begin(), attempt.end(), [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                       });
  if (!is_name) return Error{ErrorCode::Invalid, printable(attempt) + ": is no attempt"};
  return Depot(depots / attempt);
}

Result<void> Depot::open(const CarryPlan& plan) const {
  std::error_code error;
  fs::create_directories(directory_, error);
  if (error) return Error{ErrorCode::Unavailable, directory_.string() + ": " + error.message()};
  fs::permissions(directory_.parent_path(), fs::perms::owner_all, error);
  return replace_file(directory_ / "plan", carry_plan_json(plan), 0600);
}

Result<void> Depot::say_ended() const {
  if (has_ended()) return {};
  return replace_file(directory_ / "ended", "", 0600);
}

bool Depot::has_ended() const {
  return is_there(directory_ / "ended");
}

Depot::Arrival Depot::arrival() const {
  Arrival arrival;
  std::error_code error;
  const uintmax_t size = fs::file_size(directory_ / "out.tar", error);
  arrival.so_far = error ? 0 : size;
  arrival.heard = fs::last_write_time(directory_ / "plan", error);
  arrival.is_whole = is_there(directory_ / "out") || is_there(directory_ / "home");
  if (auto failure = read_file(directory_ / "failed")) arrival.failure = *failure;
  return arrival;
}

// What is in out/ is not home yet: each rename takes something from there, so that it may be broken off
// anywhere.
Result<std::vector<std::string>> Depot::bring_home() const {
  const auto locked = lock();
  if (!locked) return locked.error();
  if (is_there(directory_ / "home")) return lines_of(directory_ / "home");
  if (!is_there(directory_ / "out")) return Error{ErrorCode::NotFound, "nothing has arrived"};
  const auto plan = this->plan();
  if (!plan) return plan.error();
  std::vector<std::string> left_out = lines_of(directory_ / "left-out");
  for (size_t i = 0; i < plan->places.size(); ++i)
    if (auto brought = bring_place(plan->places[i], std::to_string(i), left_out); !brought)
      return std::move(brought).error();
  if (auto written = replace_file(directory_ / "home", join(left_out, "\n"), 0600); !written)
    return std::move(written).error();
  std::error_code ignored;
  fs::remove_all(directory_ / "out", ignored);
  return left_out;
}

Result<void> Depot::bring_place(const CarriedPlace& place, const std::string& name,
                                std::vector<std::string>& left_out) const {
  const fs::path arrived = directory_ / "out" / name;
  if (!place.comes_home || !is_there(arrived)) return {};
  std::error_code error;
  if (!place.is_results) {
    const fs::path before = directory_ / ("before-" + name);
    if (fs::is_directory(fs::symlink_status(place.path, error)))
      if (auto moved = move_to(place.path, before); !moved) return moved;
    return move_to(arrived, place.path);
  }
  std::vector<fs::path> entries;
  for (fs::directory_iterator entry(arrived, error), end; !error && entry != end; entry.increment(error))
    entries.push_back(entry->path());
  if (error) return Error{ErrorCode::Unavailable, arrived.string() + ": " + error.message()};
  for (const fs::path& entry : entries) {
    const fs::path target = place.path / entry.filename();
    if (is_there(target)) {
      left_out.push_back(printable(entry.filename().string()) + ": studyctl has a file of that name");
    } else if (auto moved = move_to(entry, target); !moved) {
      return moved;
    }
  }
  return {};
}

void Depot::close() const {
  std::error_code ignored;
  fs::remove(directory_ / "plan", ignored);  // who serves it knows nothing of it any more
  fs::remove_all(directory_, ignored);
}

Result<CarryPlan> Depot::plan() const {
  auto text = read_file(directory_ / "plan");
  if (!text && text.error().code == ErrorCode::NotFound)
    return Error{ErrorCode::NotFound, directory_.filename().string() + ": is not under way"};
  if (!text) return std::move(text).error();
  return carry_plan_from_json(*text);
}

Result<Fd> Depot::lock() const {
  Fd file(::open((directory_ / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file) return errno_error(directory_.string());
  while (flock(file.get(), LOCK_EX) != 0)
    if (errno != EINTR) return errno_error(directory_.string());
  return file;
}

std::vector<std::pair<std::string, std::string>> list_depots(const fs::path& depots) {
  std::vector<std::pair<std::string, std::string>> found;
  std::error_code error;
  for (fs::directory_iterator entry(depots, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const auto depot = Depot::of(depots, name);
    const auto plan = depot ? depot->plan() : Result<CarryPlan>(depot.error());
    found.emplace_back(name, plan ? plan->run : "");
  }
  return found;
}

}  // namespace studyctl
