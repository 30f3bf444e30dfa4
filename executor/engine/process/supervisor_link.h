#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/process/line_socket.h"
#include "engine/process/supervised.h"
#include "io/event_loop.h"
#include "io/subprocess.h"

namespace studyctl {

// A controller's connection to the supervisor of a directory, which is started where none is. When it is
// lost, a supervisor is looked for, or started, again. Control thread only.
class SupervisorLink {
 public:
  struct Callbacks {
    std::function<void()> on_connected;  // again after each loss: what was ordered meanwhile is lost
    std::function<void(const ProcessNews&)> on_news;
    std::function<void()> on_trouble;  // see trouble()
  };
  // `program`: studyctl itself, which knows the command `supervise`.
  SupervisorLink(EventLoop& loop, std::filesystem::path directory, std::string program, Callbacks callbacks);
  ~SupervisorLink();
  SupervisorLink(const SupervisorLink&) = delete;
  SupervisorLink& operator=(const SupervisorLink&) = delete;

  bool is_connected() const { return socket_ != nullptr; }
  // Why there is no connection; empty while the first try is on.
  const std::string& trouble() const { return trouble_; }
  // Does nothing while it is not connected.
  void send(const ProcessOrder& order);

 private:
  void connect();
  void launch();
  void lose(std::string why);

  EventLoop& loop_;
  std::filesystem::path directory_;
  std::string program_;
  Callbacks callbacks_;
  std::unique_ptr<LineSocket> socket_;
  std::unique_ptr<ProgramTask> launch_;
  bool has_launched_ = false;  // since the last connection or trouble
  std::optional<EventLoop::Token> timer_;
  std::string trouble_;
};

}  // namespace studyctl
