#include "engine/process/namespaces.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/fd.h"
#include "engine/process/private_root.h"

namespace studyctl {
namespace {

Result<void> write_once(const char* path, const std::string& text) {
  const Fd file(open(path, O_WRONLY | O_CLOEXEC));
  if (!file || write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return errno_error(path);
  return {};
}

// In its user namespace it is who it was. user_namespaces(7): without privileges one id is mapped, and groups
// only once setgroups(2) is denied.
Result<void> map_user(uid_t user, gid_t group) {
  if (auto denied = write_once("/proc/self/setgroups", "deny"); !denied) return denied;
  const auto itself = [](uint64_t id) { return std::to_string(id) + " " + std::to_string(id) + " 1"; };
  if (auto mapped = write_once("/proc/self/uid_map", itself(user)); !mapped) return mapped;
  return write_once("/proc/self/gid_map", itself(group));
}

Result<void> raise_loopback() {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (!socket || ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) return errno_error("loopback");
  return {};
}

bool shows_files(const OwnNamespaces& wanted) {
  return wanted.has_mounts || wanted.has_processes;
}

}  // namespace

int clone_flags(const OwnNamespaces& wanted) {
  int flags = 0;
  if (shows_files(wanted)) flags |= CLONE_NEWNS;
  if (wanted.has_processes) flags |= CLONE_NEWPID;
  if (wanted.has_network) flags |= CLONE_NEWNET;
  if (flags != 0 && geteuid() != 0) flags |= CLONE_NEWUSER;
  return flags;
}

int fork_into(int flags) {
  return static_cast<int>(syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
}

Result<void> furnish(const OwnNamespaces& wanted, uid_t user, gid_t group) {
  if ((clone_flags(wanted) & CLONE_NEWUSER) != 0)
    if (auto mapped = map_user(user, group); !mapped) return mapped;
  // What is mounted from here on is mounted nowhere else; what the machine mounts is still seen.
  if (shows_files(wanted) && mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0)
    return errno_error("the mounts of its own");
  if (wanted.has_mounts)
    if (auto made = enter_private_root(wanted.mounts); !made) return made;
  if (wanted.has_processes && mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0)
    return errno_error("/proc of its own processes");
  return wanted.has_network ? raise_loopback() : Result<void>();
}

// The child of a process with threads: nothing but calls to the kernel.
Result<void> try_namespaces(const OwnNamespaces& wanted) {
  const int flags = clone_flags(wanted);
  if (flags == 0) return {};
  const int pid = fork_into(flags);
  if (pid == 0) {
    const bool is_let =
        (flags & CLONE_NEWNS) == 0 || mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) == 0;
    _exit(is_let ? 0 : errno);
  }
  int status = 0;
  int code = errno;
  if (pid > 0) code = waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
  if (code == 0) return {};
  errno = code;
  // namespaces(7): ENOSPC is of the limits in /proc/sys/user.
  const std::string why = code == ENOSPC ? "user.max_*_namespaces are used up" : errno_error("clone").message;
  return Error{ErrorCode::Unavailable,
               "execution.process.namespaces: this kernel does not let this user make them (" + why +
                   "); run as root, have the administrator allow them, or leave them out"};
}

}  // namespace studyctl
