#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "http/server.h"
#include "service/drive_options.h"
#include "store/volume.h"

namespace studyctl {

// Whether open_carry_channel() will like them. Invalid says which flag is wrong.
Result<void> check_carry(const CarryFlags& flags);

// Listens for the pods that carry files from and to this volume; null where nothing is carried. Nobody is
// answered without the pass of an attempt.
Result<std::unique_ptr<Server>> open_carry_channel(const ResultsVolume& volume, const CarryFlags& flags);

std::filesystem::path carry_depots(const ResultsVolume& volume);

}  // namespace studyctl
