#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/temporary_directory.h"
#include "store/harvest/attempt_directory.h"
#include "store/harvest/byte_source.h"

namespace studyctl {

// `text` as one member of a gzip file.
inline std::string gzip(std::string_view text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

// A directory as an attempt leaves it, and one beside it that the attempt must not reach.
class AttemptScratch {
 public:
  AttemptScratch() {
    std::filesystem::create_directory(path());
    std::ofstream(outside()) << "secret 42\n";
  }

  std::filesystem::path path() const { return scratch_.path() / "attempt-1.partial"; }
  std::filesystem::path outside() const { return scratch_.path() / "outside.txt"; }

  void write(const std::string& name, std::string_view content) const {
    std::filesystem::create_directories((path() / name).parent_path());
    std::ofstream file(path() / name, std::ios::binary);
    file << content;
    ASSERT_TRUE(file.flush().good());
  }
  void append(const std::string& name, std::string_view content) const {
    std::ofstream file(path() / name, std::ios::binary | std::ios::app);
    file << content;
    ASSERT_TRUE(file.flush().good());
  }
  void link(const std::string& name, const std::filesystem::path& target) const {
    std::filesystem::create_symlink(target, path() / name);
  }

  AttemptDirectory open() const { return *AttemptDirectory::open(path()); }

 private:
  TemporaryDirectory scratch_;
};

// All of `name`, or "error: " and why not.
inline std::string all_of(const AttemptDirectory& directory, const std::string& name,
                          const ReadLimits& limits = {}) {
  ReadBudget budget(limits);
  auto source = ByteSource::open(directory, name, budget);
  if (!source) return "error: " + source.error().message;
  std::string content;
  std::string block(5000, '\0');
  while (true) {
    const auto got = source->read(block.data(), block.size());
    if (!got) return "error: " + got.error().message;
    if (*got == 0) return content;
    content.append(block, 0, *got);
  }
}

}  // namespace studyctl
