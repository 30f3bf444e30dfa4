#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace studyctl {

// What failures have in common: a message without the numbers, addresses and names that differ from one to
// the next. "CUDA out of memory: tried to allocate 20.50 MiB" is "CUDA out of memory: tried to allocate #
// MiB".
std::string signature_of(std::string_view message);

// Counts the signatures of a run's failures. Bounded: what comes after many different ones counts as "other".
class Signatures {
 public:
  static constexpr size_t kMost = 1000;

  void add(std::string_view message);

  struct Share {
    std::string signature;
    uint64_t failures;
  };
  // The most frequent first, at most `count`.
  std::vector<Share> most_frequent(size_t count) const;
  uint64_t total() const { return total_; }

 private:
  std::map<std::string, uint64_t, std::less<>> counts_;
  uint64_t total_ = 0;
};

}  // namespace studyctl
