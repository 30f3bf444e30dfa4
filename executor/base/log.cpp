#include "base/log.h"

#include <fcntl.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <memory>
#include <mutex>
#include <string>

#include "base/text.h"

namespace studyctl::log {
namespace {

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::Debug: return spdlog::level::debug;
    case Level::Info: return spdlog::level::info;
    case Level::Warning: return spdlog::level::warn;
    case Level::Error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::unique_ptr<spdlog::logger> logger_to(spdlog::sink_ptr sink, Level lowest) {
  auto logger = std::make_unique<spdlog::logger>("studyctl", std::move(sink));
  logger->set_level(spdlog_level(lowest));
  logger->flush_on(spdlog::level::trace);
  logger->set_formatter(std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %l %v",
                                                                    spdlog::pattern_time_type::utc));
  return logger;
}

// The one log of the process: the lock is here so that the sinks need none.
struct ProcessLog {
  std::mutex mutex;
  std::unique_ptr<spdlog::logger> logger =
      logger_to(std::make_shared<spdlog::sinks::stderr_sink_st>(), Level::Warning);
};

ProcessLog& process_log() {
  static ProcessLog log;
  return log;
}

thread_local std::unique_ptr<spdlog::logger> thread_log;

}  // namespace

Result<ThreadFile> ThreadFile::open(const std::filesystem::path& path, Level lowest) try {
  spdlog::file_event_handlers handlers;
  // Else a Podman service that we start would hold the file open.
  handlers.after_open = [](const spdlog::filename_t&, std::FILE* file) {
    fcntl(fileno(file), F_SETFD, FD_CLOEXEC);
  };
  thread_log =
      logger_to(std::make_shared<spdlog::sinks::basic_file_sink_st>(path.string(), false, handlers), lowest);
  return ThreadFile();
} catch (const spdlog::spdlog_ex& failure) {
  return Error{ErrorCode::Unavailable, printable(failure.what())};
}

ThreadFile::~ThreadFile() {
  if (is_mine_) thread_log.reset();
}

void to_stderr(Level lowest) {
  ProcessLog& log = process_log();
  std::lock_guard lock(log.mutex);
  log.logger = logger_to(std::make_shared<spdlog::sinks::stderr_sink_st>(), lowest);
}

void write(Level level, std::string_view message) {
  const std::string line = printable(message);
  if (thread_log) return thread_log->log(spdlog_level(level), line);
  ProcessLog& log = process_log();
  std::lock_guard lock(log.mutex);
  log.logger->log(spdlog_level(level), line);
}

}  // namespace studyctl::log
