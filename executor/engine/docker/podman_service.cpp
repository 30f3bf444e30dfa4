#include "engine/docker/podman_service.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/docker/endpoint.h"

namespace studyctl {
namespace {

constexpr Duration kStartTime{15000};
constexpr Duration kAskAgain{100};
constexpr Duration kStartAgain{1000};
constexpr Duration kGrace{5000};
// One whose controller was killed ends by itself after so many seconds without a call.
constexpr char kIdle[] = "--time=60";

// What controllers that were killed left: "podman-<pid>.sock" and its log. Their services end by themselves.
void remove_what_is_stale(const std::filesystem::path& directory) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
    const std::string name = entry.path().filename().string();
    const int pid = name.starts_with("podman-") ? std::atoi(name.c_str() + 7) : 0;
    if (pid > 0 && kill(pid, 0) != 0 && errno == ESRCH) std::filesystem::remove(entry.path(), ignored);
  }
}

}  // namespace

std::filesystem::path service_directory() {
  if (const char* own = std::getenv("XDG_RUNTIME_DIR"); own != nullptr && *own != 0) {
    return std::filesystem::path(own) / "studyctl";
  }
  if (geteuid() == 0) return "/run/studyctl";
  return "/tmp/studyctl-" + std::to_string(geteuid());
}

PodmanService::PodmanService(EventLoop& loop, const std::filesystem::path& directory)
    : loop_(loop),
      socket_(directory / ("podman-" + std::to_string(getpid()) + ".sock")),
      log_(directory / ("podman-" + std::to_string(getpid()) + ".log")) {}

PodmanService::~PodmanService() {
  if (restart_) loop_.cancel(*restart_);
  if (process_) {
    loop_.unwatch(process_->pidfd());
    process_->terminate(kGrace);
  }
  std::error_code ignored;
  std::filesystem::remove(socket_, ignored);
  std::filesystem::remove(log_, ignored);
}

Result<std::unique_ptr<PodmanService>> PodmanService::start(EventLoop& loop,
                                                            const std::filesystem::path& directory) {
  std::error_code failure;
  std::filesystem::create_directories(directory, failure);
  struct stat found {};
  if (lstat(directory.c_str(), &found) != 0) return errno_error(directory.string());
  if (!S_ISDIR(found.st_mode) || found.st_uid != geteuid()) {
    return Error{ErrorCode::Conflict,
                 directory.string() + " is not a directory of this user's own; remove it"};
  }
  chmod(directory.c_str(), 0700);
  remove_what_is_stale(directory);
  std::unique_ptr<PodmanService> service(new PodmanService(loop, directory));
  if (auto spawned = service->spawn(); !spawned) return std::move(spawned).error();
  auto endpoint = service->await_answer();
  if (!endpoint) return std::move(endpoint).error();
  service->endpoint_ = std::move(*endpoint);
  return service;
}

Result<void> PodmanService::spawn() {
  std::error_code ignored;
  std::filesystem::remove(socket_, ignored);
  const Fd log(open(log_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!log) return errno_error(log_.string());
  const Program command{{"podman", "system", "service", kIdle, "unix://" + socket_.string()}, {}, {}};
  auto process = Subprocess::spawn(command, {log.get(), log.get()});
  if (!process) return std::move(process).error();
  process_.emplace(std::move(*process));
  loop_.watch(process_->pidfd(), EPOLLIN, [this](uint32_t) { on_end(); });
  return {};
}

// Its containers run on, and calls wait for it.
void PodmanService::on_end() {
  loop_.unwatch(process_->pidfd());
  process_.reset();
  log::warning("the Podman service has ended; starting it again");
  restart_ = loop_.after(kStartAgain, [this] {
    restart_.reset();
    if (auto spawned = spawn(); !spawned) log::error(spawned.error().message);
  });
}

Result<Endpoint> PodmanService::await_answer() {
  const Steady deadline = loop_.clock().steady() + kStartTime;
  auto address = HttpAddress::parse("unix://" + socket_.string());
  if (!address) return std::move(address).error();
  while (process_ && loop_.clock().steady() < deadline) {
    if (auto endpoint = handshake(loop_, *address)) return endpoint;
    loop_.run_once(kAskAgain);
  }
  const auto said = read_file(log_);
  return Error{ErrorCode::Unavailable,
               "podman system service did not come up: " +
                   (said ? printable(to_utf8(trim(*said))) : std::string("it says nothing"))};
}

}  // namespace studyctl
