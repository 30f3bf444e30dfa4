#include "store/harvest/progress_file.h"

#include "store/harvest/small_file.h"

namespace studyctl {

std::optional<WorkloadProgress> read_progress(const std::filesystem::path& directory) {
  constexpr size_t kLongest = 64u << 10;
  const auto attempt = AttemptDirectory::open(directory);
  if (!attempt) return std::nullopt;
  const auto file = attempt->open_file(".progress");
  if (!file || file->size > kLongest) return std::nullopt;
  return workload_progress_from_json(read_ends(*file, kLongest));
}

}  // namespace studyctl
