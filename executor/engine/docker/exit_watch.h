#pragma once

#include <functional>
#include <optional>
#include <string>

#include "engine/docker/api.h"
#include "engine/docker/api_json.h"

namespace studyctl {

// Sees one container's end: by its process where that is ours to watch, else by hints from events and
// listing; inspect has the last word, always.
class ExitWatch {
 public:
  struct Callbacks {
    std::function<void(ContainerView)> ended;
    std::function<void()> missing;              // the engine no longer knows it
    std::function<void(int pid)> identified{};  // a process of this machine is its first one
  };

  ExitWatch(EngineApi& api, std::string container, Callbacks callbacks);
  ~ExitWatch();

  // `view` as inspected after the start; without a pid, it is inspected a little later.
  void begin(const ContainerView& view);
  // Something says that it has ended, or that it is time to look.
  void hint();

 private:
  void watch_process(int pid);
  void on_process_end();
  void look();
  void look_again();

  EngineApi& api_;
  std::string container_;
  Callbacks callbacks_;
  std::optional<EventLoop::Token> process_;
  bool watched_ = false;
  bool process_ended_ = false;
  int looks_left_ = 0;  // before a process that could not be identified is taken for one of elsewhere
  bool looking_ = false;
  bool hinted_ = false;
  Duration pause_;
  Calls calls_;
};

}  // namespace studyctl
