#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/volume_lock.h"

namespace studyctl {

std::string holder_to_json(const LockHolder& holder);
std::optional<LockHolder> holder_from_json(std::string_view text);

}  // namespace studyctl
