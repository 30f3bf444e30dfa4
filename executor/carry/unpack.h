#pragma once

#include <filesystem>
#include <functional>

#include "base/result.h"

namespace studyctl {

// Unpacks an archive, which whoever fills a results directory may have written, into `directory`, which is
// empty and ours. Invalid, in one sentence: it is broken, leads out by a path or a link, or has what is never
// carried; what has been unpacked by then is for the caller to remove. Unavailable: the disk. `takes` says of
// the first part of each path whether it may be there.
Result<void> unpack(int archive, const std::filesystem::path& directory,
                    const std::function<bool(const std::string& place)>& takes);

}  // namespace studyctl
