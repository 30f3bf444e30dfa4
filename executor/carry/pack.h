#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/hash.h"
#include "base/result.h"
#include "carry/tar.h"

namespace studyctl {

// A directory or file as it goes into an archive, under a name of one part.
struct PackedPlace {
  std::string name;
  std::filesystem::path path;  // what is not there is left out
  bool is_empty = false;       // a directory, of which nothing is packed
  std::optional<int> mode{};   // instead of the directory's own
};

// Packs places as one archive, piece by piece. Links are packed, never followed. What cannot be carried
// (devices, sockets, links that lead out of their place) is left out; what may not be read fails it.
class Packer {
 public:
  explicit Packer(std::vector<PackedPlace> places);

  // The next piece, of at least so many bytes; shorter at the end, and empty behind it. Invalid names the
  // file.
  Result<std::string> next(size_t least);

  // Once all has been packed.
  uint64_t size() const { return size_; }
  std::string sha256() { return hash_.hex(); }
  const std::vector<std::string>& left_out() const { return left_out_; }

 private:
  Result<bool> add_more();
  Result<void> add(const std::filesystem::path& path, const std::string& name);
  Result<void> begin_file(const std::filesystem::path& path, TarEntry entry);
  Result<void> add_bytes();
  Result<void> begin_place();
  void leave_out(const std::string& name, const std::string& why);

  std::vector<PackedPlace> places_;
  size_t place_ = 0;
  std::filesystem::recursive_directory_iterator walk_;
  Fd file_;
  std::string file_name_;
  uint64_t file_size_ = 0, file_left_ = 0;
  bool is_over_ = false;
  std::string piece_;
  uint64_t size_ = 0;
  Sha256 hash_;
  std::vector<std::string> left_out_;
};

// Whether a link at `depth` directories below its place stays in it, wherever other links of the place lead.
bool stays_within(const std::string& target, size_t depth);

}  // namespace studyctl
