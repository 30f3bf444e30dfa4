#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string_view>
#include <unordered_map>

#include "base/fd.h"
#include "engine/engine.h"
#include "io/event_loop.h"

namespace studyctl {

// Tells at once when a file is put into a directory of this machine by a rename, so that nobody has to look
// again and again. What other machines write does not show. Control thread only.
class HomeWatch {
 public:
  using Changed = std::function<void(const AttemptId&, std::string_view file)>;
  HomeWatch(EventLoop& loop, Changed changed);
  ~HomeWatch();
  HomeWatch(const HomeWatch&) = delete;
  HomeWatch& operator=(const HomeWatch&) = delete;

  // Until the directory goes. Where the kernel has no more watches, has() says that it is not watched.
  void add(const AttemptId& attempt, const std::filesystem::path& directory);
  bool has(const AttemptId& attempt) const { return watches_.contains(attempt); }

 private:
  void read_events();

  EventLoop& loop_;
  Changed changed_;
  Fd inotify_;
  std::map<int, AttemptId> attempts_;
  std::unordered_map<AttemptId, int> watches_;
};

}  // namespace studyctl
