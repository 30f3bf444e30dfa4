#pragma once

#include <string>
#include <vector>

#include "store/outbox.h"

namespace studyctl {

// What was not sent yet, or given up, and what becomes of it: a line each, none where all is sent.
std::vector<std::string> left_to_tell(const Outbox::Counts& messages);

}  // namespace studyctl
