#pragma once

#include <filesystem>
#include <string_view>
#include <utility>

#include "base/result.h"

// The process's own log: what the controller does and why, for controller.log or standard error. Lines are
// plain text, without control characters. Safe from any thread. spdlog lives in log.cpp alone.
namespace studyctl::log {

enum class Level { Debug, Info, Warning, Error };

// Until it is called, lines of Warning and above go to standard error.
void to_stderr(Level lowest);

// While it lives, what the thread that opened it says goes to a file, not to the process's log. It is
// destroyed by that thread, before another one is opened there.
class ThreadFile {
 public:
  static Result<ThreadFile> open(const std::filesystem::path& path, Level lowest);
  ThreadFile(ThreadFile&& from) noexcept : is_mine_(std::exchange(from.is_mine_, false)) {}
  ThreadFile& operator=(ThreadFile&& from) noexcept {
    std::swap(is_mine_, from.is_mine_);
    return *this;
  }
  ~ThreadFile();

 private:
  ThreadFile() = default;
  bool is_mine_ = true;
};

void write(Level level, std::string_view message);
inline void debug(std::string_view message) {
  write(Level::Debug, message);
}
inline void info(std::string_view message) {
  write(Level::Info, message);
}
inline void warning(std::string_view message) {
  write(Level::Warning, message);
}
inline void error(std::string_view message) {
  write(Level::Error, message);
}

}  // namespace studyctl::log
