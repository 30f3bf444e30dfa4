#pragma once

#include <filesystem>

#include "base/fd.h"
#include "base/result.h"

namespace studyctl {

// The socket of a supervisor in its directory, however long that path is.
Result<Fd> listen_in(const std::filesystem::path& directory);
// NotFound or Unavailable: no supervisor is there.
Result<Fd> connect_to(const std::filesystem::path& directory);

}  // namespace studyctl
