#include "engine/slurm/home_watch.h"

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <vector>

namespace studyctl {

HomeWatch::HomeWatch(EventLoop& loop, Changed changed)
    : loop_(loop), changed_(std::move(changed)), inotify_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  if (inotify_) loop_.watch(inotify_.get(), EPOLLIN, [this](uint32_t) { read_events(); });
}

HomeWatch::~HomeWatch() {
  if (inotify_) loop_.unwatch(inotify_.get());
}

void HomeWatch::add(const AttemptId& attempt, const std::filesystem::path& directory) {
  if (!inotify_ || has(attempt)) return;
  const int watch = inotify_add_watch(inotify_.get(), directory.c_str(), IN_MOVED_TO | IN_ONLYDIR);
  if (watch < 0) return;
  attempts_[watch] = attempt;
  watches_[attempt] = watch;
}

// Callbacks may add watches: they are made when all has been read.
void HomeWatch::read_events() {
  constexpr size_t kRoom = 64u << 10;
  alignas(inotify_event) std::array<char, kRoom> room;
  std::vector<std::pair<AttemptId, std::string>> changes;
  ssize_t length = 0;
  while ((length = read(inotify_.get(), room.data(), room.size())) > 0) {
    for (size_t at = 0; at < static_cast<size_t>(length);) {
      inotify_event event{};
      std::memcpy(&event, room.data() + at, sizeof event);
      const char* name = room.data() + at + sizeof event;
      at += sizeof event + event.len;
      const auto found = attempts_.find(event.wd);
      if (found == attempts_.end()) continue;
      if (event.len > 0) changes.emplace_back(found->second, name);
      if ((event.mask & IN_IGNORED) == 0) continue;
      watches_.erase(found->second);
      attempts_.erase(found);
    }
  }
  for (const auto& [attempt, file] : changes) changed_(attempt, file);
}

}  // namespace studyctl
