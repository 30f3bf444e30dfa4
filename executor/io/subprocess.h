#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"
#include "io/event_loop.h"

namespace studyctl {

// A program to start, without a shell: no word of it is ever interpreted.
struct Program {
  std::vector<std::string> words;  // the program first; looked up in PATH when it has no slash
  std::vector<std::pair<std::string, std::string>>
      environment;                  // beside this process's, before which it goes
  std::filesystem::path directory;  // this process's when empty
  std::string input{};              // what it reads; the null device when empty

  std::string name() const { return words.empty() ? std::string() : words.front(); }
};

// The words as execve(2) takes them, valid as long as they are.
std::vector<char*> pointers_to(std::vector<std::string>& words);

// How a process ended.
struct ProcessEnd {
  int exit_code = 0;  // 128 + signal when a signal ended it
  int signal = 0;     // 0 when it exited

  bool is_success() const { return exit_code == 0; }
  // "exit code 3", "signal 9 (Killed)"
  std::string text() const;
};

// A child of this process, leader of a session and a process group of its own, with none of our other file
// descriptors. Destroying it kills its group, unless it has ended, and waits for that a tenth of a second at
// most. Nobody else may wait for it.
class Subprocess {
 public:
  // Where what it prints goes. Each is the null device when it is no descriptor.
  struct Output {
    int out = -1, err = -1;
  };

  // NotFound when there is no such program.
  static Result<Subprocess> spawn(const Program& command, Output output);
  Subprocess(Subprocess&& other) noexcept;
  Subprocess& operator=(Subprocess&& other) noexcept;
  ~Subprocess();

  int pid() const { return pid_; }
  // Readable once it has ended.
  int pidfd() const { return pidfd_.get(); }

  // Nothing while it runs. The same on repeat.
  std::optional<ProcessEnd> end();
  // Waits for its end, `patience` at most.
  std::optional<ProcessEnd> wait(Duration patience);
  // To all of its process group; does nothing once it has ended.
  void send_signal(int signal);
  // Asks it to stop (SIGTERM), and kills it once `grace` is over. Blocks until it has ended, or cannot even
  // be killed within two seconds more.
  std::optional<ProcessEnd> terminate(Duration grace);

 private:
  Subprocess(int pid, Fd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}

  int pid_ = -1;
  Fd pidfd_;
  std::optional<ProcessEnd> end_;
};

// What a program that has ended said.
struct ProgramOutput {
  ProcessEnd end;
  std::string out, err;
  bool is_cut = false;  // one of them was longer than allowed
};

struct ProgramLimits {
  Duration time = std::chrono::seconds(10);  // over it, the program is killed and there is no output
  size_t bytes = 1u << 20;                   // of each stream; what is more is read and thrown away
};

// A program under way on a loop, with its output. Destroying it kills the program without calling back; its
// callback may do that.
class ProgramTask {
 public:
  // Whatever its exit code; Unavailable over the time limit; NotFound when there is no such program.
  using Done = std::function<void(Result<ProgramOutput>)>;

  // `done` comes from the loop, never from within this call.
  ProgramTask(EventLoop& loop, const Program& command, ProgramLimits limits, Done done);
  ~ProgramTask();
  ProgramTask(const ProgramTask&) = delete;
  ProgramTask& operator=(const ProgramTask&) = delete;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// The same, waiting for it: for start-up and commands, not for the control thread at work.
Result<ProgramOutput> run_program(const Program& command, ProgramLimits limits = {});

}  // namespace studyctl
