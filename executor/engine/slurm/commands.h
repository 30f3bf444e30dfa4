#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/event_loop.h"
#include "io/subprocess.h"

namespace studyctl {

// Slurm's commands, and what has to wait. Everything that is under way ends with it, without calling back.
// Control thread only.
class SlurmCommands {
 public:
  // What it printed. NotFound: it is not installed. Unavailable: nobody answered in time. Invalid: it failed,
  // and the message is all that it said.
  using Done = std::function<void(Result<std::string>)>;

  explicit SlurmCommands(EventLoop& loop) : loop_(loop) {}
  ~SlurmCommands();
  SlurmCommands(const SlurmCommands&) = delete;
  SlurmCommands& operator=(const SlurmCommands&) = delete;

  // Runs one, with an environment that has nothing of ours but what Slurm's commands read: it may become a
  // job's. `input`: what it reads.
  void run(const std::vector<std::string>& words, const std::string& input, Done done);
  void run(const std::vector<std::string>& words, Done done) { run(words, {}, std::move(done)); }
  void after(Duration delay, std::function<void()> callback);
  // How many have been run.
  uint64_t count() const { return next_; }
  Clock& clock() { return loop_.clock(); }

 private:
  EventLoop& loop_;
  uint64_t next_ = 0;
  std::map<uint64_t, std::unique_ptr<ProgramTask>> running_;
  std::map<uint64_t, EventLoop::Token> timers_;
  uint64_t next_timer_ = 0;
};

}  // namespace studyctl
