#pragma once

#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/process/control_group.h"
#include "engine/process/line_socket.h"
#include "engine/process/process_log.h"
#include "io/event_loop.h"

namespace studyctl {

// The parent of a volume's processes, which outlives controllers: it starts them when a controller orders so,
// and puts on disk how each ended before any controller is told. What a workload leaves running when its
// command has ended is killed. It runs in a process of its own, of one thread, that adopts orphans.
class Supervisor {
 public:
  // Listens at `directory`/supervisor.sock. What an earlier one left running is killed, and ended nobody
  // knows how. Conflict: another one is at work there.
  static Result<std::unique_ptr<Supervisor>> open(EventLoop& loop, const std::filesystem::path& directory);
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Runs the loop until no process is left and no controller has been there for some seconds.
  void run();

 private:
  struct Child {
    SupervisedProcess process;
    std::filesystem::path out, err;
    ControlGroup group{};  // where it has limits
    Fd lease{};            // of its devices
    std::optional<EventLoop::Token> kill_timer{};
  };

  Supervisor(EventLoop& loop, std::filesystem::path directory, Fd lock, ProcessLog log);
  Result<void> listen();
  Result<void> end_what_is_left();
  Result<ControlGroup> group_for(const ProcessStart& order) const;
  void accept();
  void obey(LineSocket& controller, const std::string& line);
  void start(LineSocket& controller, const ProcessStart& order);
  void stop(const ProcessOrder& order);
  void forget(const std::string& id);
  void list(LineSocket& controller) const;
  void reap();
  void end(int pid, const siginfo_t& how, const rusage& used);
  void publish_ends();
  void kill_strays() const;
  void look_whether_idle();
  void tell(const ProcessNews& news);

  EventLoop& loop_;
  std::filesystem::path directory_;
  Fd lock_, listener_, signals_;
  ProcessLog log_;
  ControlGroups groups_;
  std::list<std::unique_ptr<LineSocket>> controllers_;
  std::map<int, Child> children_;         // by pid
  std::map<std::string, int> pids_;       // of those that run, by name
  std::set<std::string> to_forget_;       // once they have ended
  std::vector<SupervisedProcess> ended_;  // not on disk yet
  bool is_over_ = false;
};

// Makes this process, which has one thread, the supervisor of `directory` in the background, and returns in a
// parent that may end once it listens, or another one does. Never returns in the supervisor itself.
Result<void> supervise(const std::filesystem::path& directory);

}  // namespace studyctl
