#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"

// The tar that attempts are carried in (POSIX pax, of which we write and read what it takes and no more): any
// tar program reads ours, and what we did not write like this is refused.
namespace studyctl {

struct TarEntry {
  enum class Kind : uint8_t { File, Directory, Link };
  Kind kind = Kind::File;
  std::string path;      // relative, without a slash at its end
  std::string target;    // of a Link
  int mode = 0644;       // permissions alone
  uint64_t size = 0;     // of a File
  int64_t modified = 0;  // seconds since 1970
};

inline constexpr size_t kTarBlock = 512;

// What goes before the bytes of a file, and all that there is of anything else.
std::string tar_header(const TarEntry& entry);
// Zeros behind so many bytes of a file.
std::string tar_padding(uint64_t size);
// Behind the last entry.
std::string tar_end();

// Reads one from its first byte to its last. Invalid, in one sentence: it is broken, ends early, or has what
// is never carried: devices, hard links, other formats.
class TarReader {
 public:
  // Fills all of the buffer, or says how much there was.
  using Read = std::function<Result<size_t>(char* to, size_t size)>;
  explicit TarReader(Read read) : read_(std::move(read)) {}

  // Nothing behind the last. What is left of the entry before is skipped.
  Result<std::optional<TarEntry>> next();
  // The next bytes of this entry, `most` of them at most; empty at its end.
  Result<std::string> bytes(size_t most);

 private:
  struct Extended {
    std::optional<std::string> path, target;
    std::optional<uint64_t> size;
  };
  Result<std::string> exactly(size_t size);
  Result<Extended> extended(uint64_t size);
  Result<TarEntry> entry_of(const std::string& block, const Extended& extended);
  Result<void> skip_rest();

  Read read_;
  uint64_t left_ = 0, padding_ = 0;
};

}  // namespace studyctl
