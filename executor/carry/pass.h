#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace studyctl {

// What lets somebody carry for one attempt, and do nothing else: a signature of its name.
enum class CarryPurpose : uint8_t { In, Out };
std::string carry_pass(std::string_view key, CarryPurpose purpose, std::string_view attempt);
bool is_carry_pass(std::string_view key, CarryPurpose purpose, std::string_view attempt,
                   std::string_view pass);

// The key of a volume, from its `private_directory`; made when it is asked for first. Nobody else may read
// it.
Result<std::string> carry_key(const std::filesystem::path& private_directory);

}  // namespace studyctl
