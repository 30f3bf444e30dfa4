#pragma once

#include <filesystem>

#include "store/volume.h"

namespace studyctl {

// Where a volume is looked for at each request: it may be made, or removed, while a server is there.
struct VolumePlace {
  VolumePlace(std::filesystem::path where) : results(std::move(where)) {}
  VolumePlace(const ResultsVolume& volume)
      : results(volume.root()), database(volume.database().parent_path()) {}

  Result<ResultsVolume> find() const { return ResultsVolume::find(results, database); }

  std::filesystem::path results;
  std::filesystem::path database{};  // where it lies, if not with the results
};

}  // namespace studyctl
