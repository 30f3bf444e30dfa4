#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "store/run_record.h"

namespace studyctl {

// A file of lines that only grows, and that always ends with a whole line of a known event.
class AppendedFile {
 public:
  // Cuts it to `checkpoint`; to nothing where it holds less than that, so that every line is wanted again.
  static Result<AppendedFile> open(const std::filesystem::path& path, Checkpoint checkpoint);

  // False for an event whose line is there already.
  bool wants(uint64_t seq) const { return seq > last_seq_; }
  // Kept until the next flush. With its line break; empty where event `seq` says nothing here.
  void add(uint64_t seq, std::string_view line);
  size_t pending() const { return pending_.size(); }

  // After an error the file is as before, and the lines are kept for the next flush.
  Result<void> flush();
  Result<void> sync();
  // As of the last flush.
  Checkpoint checkpoint() const { return written_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  AppendedFile(std::filesystem::path path, Fd file, Checkpoint written)
      : path_(std::move(path)), file_(std::move(file)), written_(written), last_seq_(written.seq) {}

  std::filesystem::path path_;
  Fd file_;
  Checkpoint written_;
  uint64_t last_seq_;
  std::string pending_;
};

}  // namespace studyctl
