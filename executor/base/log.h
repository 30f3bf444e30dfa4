#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"

// The process's own log: what the controller does and why, for controller.log or standard error. Lines are
// plain text, without control characters. Safe from any thread. spdlog lives in log.cpp alone.
namespace studyctl::log {

enum class Level { Debug, Info, Warning, Error };

// Until it is called, lines of Warning and above go to standard error.
Result<void> to_file(const std::filesystem::path& path, Level lowest);
void to_stderr(Level lowest);

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
