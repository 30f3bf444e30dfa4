#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.h"

namespace studyctl {

// Blocks put aside, so that a full disk leaves room to say that it is full: release() when a commit finds it
// full, write status.json, and commit again only after fill() has found room for it.
class Reserve {
 public:
  static constexpr int64_t kBytes = 4 << 20;

  explicit Reserve(std::filesystem::path file) : file_(std::move(file)) {}

  bool held() const;
  // Takes them from the file system; nothing happens when they are held. Unavailable when there is no room.
  Result<void> fill() const;
  void release() const;

 private:
  std::filesystem::path file_;
};

}  // namespace studyctl
