#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "base/fd.h"
#include "carry/unpack.h"

// Whatever an archive says, nothing of it lies outside of the directory that it is unpacked in, nothing in
// there leads out, and nothing in there is what is never carried.

using namespace studyctl;

namespace {

namespace fs = std::filesystem;

constexpr size_t kBlock = 512, kSumAt = 148;

void require(bool holds) {
  if (!holds) std::abort();
}

// Sums are put right, or hardly any input would be looked into.
std::string with_right_sums(std::string bytes) {
  for (size_t at = 0; at + kBlock <= bytes.size(); at += kBlock) {
    if (std::memcmp(bytes.data() + at + 257, "ustar", 5) != 0) continue;
    unsigned sum = 0;
    for (size_t i = 0; i < kBlock; ++i)
      sum += i >= kSumAt && i < kSumAt + 8 ? ' ' : static_cast<unsigned char>(bytes[at + i]);
    char text[9];
    std::snprintf(text, sizeof text, "%06o", sum);
    std::copy_n(text, 7, bytes.begin() + static_cast<std::ptrdiff_t>(at + kSumAt));
    bytes[at + kSumAt + 7] = ' ';
  }
  return bytes;
}

void check(const fs::path& path, const fs::path& root) {
  struct stat about {};
  require(lstat(path.c_str(), &about) == 0);
  require(S_ISREG(about.st_mode) || S_ISDIR(about.st_mode) || S_ISLNK(about.st_mode));
  if (S_ISLNK(about.st_mode)) {
    std::error_code error;
    const fs::path leads_to = fs::weakly_canonical(path, error);
    const fs::path within = error ? fs::path(".") : leads_to.lexically_relative(root);
    require(!within.empty() && *within.begin() != "..");
  } else {
    require((about.st_mode & 07000) == 0);
    require(about.st_nlink == 1 || S_ISDIR(about.st_mode));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const fs::path base = [] {
    char pattern[] = "/dev/shm/archive-fuzz.XXXXXX";
    return fs::path(mkdtemp(pattern));
  }();
  const fs::path root = base / "in";
  fs::remove_all(root);
  fs::create_directory(root);
  const std::string bytes = with_right_sums({reinterpret_cast<const char*>(data), size});
  const Fd archive(memfd_create("archive", MFD_CLOEXEC));
  require(static_cast<bool>(write_all(archive.get(), bytes)) && lseek(archive.get(), 0, SEEK_SET) == 0);
  const auto unpacked = unpack(archive.get(), root, [](const std::string&) { return true; });
  require(unpacked || unpacked.error().message.find('\n') == std::string::npos);
  size_t beside = 0;
  for (const auto& entry : fs::directory_iterator(base)) beside += entry.path() != root;
  require(beside == 0);
  for (const auto& entry : fs::recursive_directory_iterator(root)) check(entry.path(), root);
  return 0;
}
