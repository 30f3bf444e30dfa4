#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace studyctl {

// The GPUs of an allocation, each leased to one attempt at a time. A lease is a file with the GPU's number
// that names the attempt and its run, so that it outlives controllers and several may lease at once. Control
// thread only.
class AllocatedDevices {
 public:
  // `directory`: made when the first is leased.
  AllocatedDevices(std::filesystem::path directory, std::vector<std::string> devices)
      : directory_(std::move(directory)), devices_(std::move(devices)) {}

  // What `attempt` has: `count` of them, or those that it has had since before. Nothing while too few are
  // free.
  Result<std::optional<std::vector<std::string>>> lease(const std::string& attempt, const std::string& run,
                                                        size_t count);
  std::vector<std::string> held_by(const std::string& attempt) const;
  void release(const std::string& attempt);
  // Those of other attempts whose run is not `is_kept`.
  void release_others(const std::function<bool(const std::string& attempt, const std::string& run)>& is_kept);

 private:
  struct Lease {
    std::string attempt, run;
  };
  std::filesystem::path file_of(size_t index) const { return directory_ / std::to_string(index); }
  std::optional<Lease> lease_of(size_t index) const;

  std::filesystem::path directory_;
  std::vector<std::string> devices_;
};

}  // namespace studyctl
