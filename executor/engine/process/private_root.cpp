#include "engine/process/private_root.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/fd.h"
#include "base/text.h"

namespace studyctl {
namespace {

namespace fs = std::filesystem;

// Where the machine's root is meanwhile, and what a new root is mounted over: any directory that is there.
constexpr char kMachine[] = "/.machine";
constexpr char kStage[] = "/tmp";

// Thrown within this file alone; becomes the error of the one call.
struct Failed {
  Error error;
};

void expect(bool succeeded, const fs::path& what) {
  if (!succeeded) throw Failed{errno_error("mount " + printable(what.string()))};
}

void bind(const fs::path& source, const fs::path& target) {
  expect(mount(source.c_str(), target.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0, target);
}

// A mount that a user namespace has from elsewhere keeps what it was mounted with: mount_namespaces(7).
void make_read_only(const fs::path& target) {
  struct statvfs was {};
  expect(statvfs(target.c_str(), &was) == 0, target);
  unsigned long flags = MS_BIND | MS_REMOUNT | MS_RDONLY;
  if (was.f_flag & ST_NOSUID) flags |= MS_NOSUID;
  if (was.f_flag & ST_NODEV) flags |= MS_NODEV;
  if (was.f_flag & ST_NOEXEC) flags |= MS_NOEXEC;
  if (was.f_flag & ST_NOATIME) flags |= MS_NOATIME;
  if (was.f_flag & ST_RELATIME) flags |= MS_RELATIME;
  expect(mount(nullptr, target.c_str(), nullptr, flags, nullptr) == 0, target);
}

void mount_memory(const fs::path& target, const std::string& options) {
  expect(mount("tmpfs", target.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) == 0, target);
}

void make_file(const fs::path& path) {
  expect(static_cast<bool>(std::ofstream(path)), path);
}

class PrivateRoot {
 public:
  void enter() {
    mount_memory(kStage, "mode=0755");
    const fs::path machine = std::string(kStage) + kMachine;
    fs::create_directory(machine);
    expect(syscall(SYS_pivot_root, kStage, machine.c_str()) == 0, "/");
    fs::current_path("/");
    own_.emplace_back("/");
    show("/");
  }

  void add(const Mount& mount, const fs::path& source) {
    const bool is_directory = mount.kind == Mount::Kind::Memory || fs::is_directory(source);
    const fs::path target = make_place(mount.target, is_directory);
    if (mount.kind == Mount::Kind::Memory) {
      mount_memory(target, mount.size_limit ? "size=" + std::to_string(*mount.size_limit) : "");
    } else {
      bind(source, target);
    }
    if (mount.read_only) make_read_only(target);
  }

  void close() {
    expect(umount2(kMachine, MNT_DETACH) == 0, "/");
    fs::remove(kMachine);
    for (const fs::path& directory : own_) make_read_only(directory);
  }

  static fs::path of_machine(const fs::path& path) { return std::string(kMachine) + path.string(); }

 private:
  // What the machine has in `directory`, in a directory of ours that has taken its place.
  void show(const fs::path& directory) {
    for (const fs::directory_entry& entry : fs::directory_iterator(of_machine(directory))) {
      const fs::path place = directory / entry.path().filename();
      if (entry.is_symlink()) {
        fs::copy_symlink(entry.path(), place);
      } else {
        if (entry.is_directory())
          fs::create_directory(place);
        else
          make_file(place);
        bind(entry.path(), place);
      }
    }
  }

  // A directory in which names can be made that the machine does not have.
  void take_over(const fs::path& directory) {
    if (std::find(own_.begin(), own_.end(), directory) != own_.end()) return;
    mount_memory(directory, "mode=0755");
    own_.push_back(directory);
    show(directory);
  }

  // The place of a mount, behind all links.
  fs::path make_place(const fs::path& target, bool is_directory) {
    fs::path here = "/";
    const fs::path relative = target.lexically_normal().relative_path();
    for (auto part = relative.begin(); part != relative.end(); ++part) {
      if (part->empty()) continue;
      const fs::path next = here / *part;
      if (!fs::exists(next)) {
        if (!is_made(here)) take_over(here);
        const bool is_last = std::next(part) == relative.end() || std::next(part)->empty();
        if (is_last && !is_directory)
          make_file(next);
        else
          fs::create_directory(next);
        made_.push_back(next);
      }
      here = fs::canonical(next);
    }
    return here;
  }

  bool is_made(const fs::path& directory) const {
    return std::find(made_.begin(), made_.end(), directory) != made_.end();
  }

  std::vector<fs::path> own_;   // file systems in memory that stand for directories of the machine
  std::vector<fs::path> made_;  // in them, for mounts
};

}  // namespace

Result<void> enter_private_root(const std::vector<Mount>& mounts) try {
  std::vector<fs::path> sources;
  for (const Mount& mount : mounts)
    sources.push_back(mount.kind == Mount::Kind::Memory
                          ? fs::path()
                          : PrivateRoot::of_machine(fs::canonical(mount.source)));
  PrivateRoot root;
  root.enter();
  for (size_t i = 0; i < mounts.size(); ++i) root.add(mounts[i], sources[i]);
  root.close();
  return {};
} catch (const Failed& failed) { return failed.error; } catch (const fs::filesystem_error& error) {
  return Error{ErrorCode::Unavailable,
               "mount " + printable(error.path1().string()) + ": " + error.code().message()};
}

}  // namespace studyctl
