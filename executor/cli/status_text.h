#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "store/status.h"

namespace studyctl {

// The live view of a run: a bar with counts and ETA, what runs now, what is waited for, the last failures. At
// most `height` lines of at most `width` columns, without control characters.
std::vector<std::string> live_lines(const Status& status, Instant now, size_t width, size_t height);

// How a run stands or ended, by state and reason, for the end of apply and wait.
std::vector<std::string> summary_lines(const Status& status, Instant now);

// The number of columns that UTF-8 `text` takes, and its beginning of at most `columns`.
size_t columns_of(const std::string& text);
std::string cut_to(const std::string& text, size_t columns);

}  // namespace studyctl
