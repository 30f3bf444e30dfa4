#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/temporary_directory.h"

namespace studyctl {

// A disk of 16 MiB that can be full: a tmpfs where we may mount one, else this process's own limit on the
// size of files.
class SmallDisk {
 public:
  SmallDisk() : mounted_(mount("tmpfs", directory_.path().c_str(), "tmpfs", 0, "size=16m") == 0) {
    signal(SIGXFSZ, SIG_IGN);
  }
  ~SmallDisk() {
    make_room();
    if (mounted_) umount2(directory_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  const std::filesystem::path& path() const { return directory_.path(); }

  void fill() {
    if (!mounted_) return limit_files(1);
    const int file = open(ballast().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const std::string block(65536, 'x');
    while (write(file, block.data(), block.size()) > 0) {}
    while (write(file, block.data(), 1) > 0) {}
    close(file);
  }
  void make_room() {
    if (!mounted_) return limit_files(RLIM_INFINITY);
    std::error_code ignored;
    std::filesystem::remove(ballast(), ignored);
  }
  void make_read_only() {
    if (mounted_) {
      mount(nullptr, path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr);
    } else {
      chmod(path().c_str(), 0500);
    }
  }

 private:
  std::filesystem::path ballast() const { return directory_.path() / "ballast"; }
  static void limit_files(rlim_t size) {
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = size;
    setrlimit(RLIMIT_FSIZE, &limit);
  }

  TemporaryDirectory directory_;
  bool mounted_;
};

}  // namespace studyctl
