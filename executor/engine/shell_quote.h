#pragma once

#include <string>

namespace studyctl {

// A word as a POSIX shell reads it.
std::string shell_quote(const std::string& word);

}  // namespace studyctl
