#pragma once

#include <string>

namespace studyctl {

// A line of progress.jsonl for people, when it tells of an attempt's end: "2026-11-22T14:30:05.123Z water-…
// cycle 1: Failed (Timeout) after 45m". Empty for the rest.
std::string progress_line(const std::string& json);

}  // namespace studyctl
