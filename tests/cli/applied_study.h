#pragma once

#include <string>
#include <vector>

#include "study/applied_study.h"

namespace studyctl {

// What a command said, and how it ended.
struct Said {
  int code = 0;
  std::string out;
  std::string err;
};

// Runs one of the reading commands as a user would type it.
Said type(const std::filesystem::path& results, std::vector<std::string> words);

}  // namespace studyctl
