#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "store/progress_line.h"
#include "store/status.h"

namespace studyctl {

// The live view of a run: a bar with counts and ETA, what runs now, what is waited for, the last failures. At
// most `height` lines of at most `width` columns, without control characters.
std::vector<std::string> live_lines(const Status& status, Instant now, size_t width, size_t height);

// How a run stands or ended, by state and reason.
std::vector<std::string> summary_lines(const Status& status, Instant now);

// "12m (90%: 20m)": as likely over as under, and nine times in ten under. Of a status with an ETA.
std::string eta_text(const Status& status);
// What an attempt that runs is at: "3m 20s on GPU 0, 40%, step 12".
std::string doing_text(const Status::Current& current, Instant now);

// A line of progress.jsonl that tells of an attempt's end: "2026-11-22T14:30:05.123Z water-… cycle 1: Failed
// (Timeout) after 45m". Empty for the rest.
std::string progress_text(const ProgressLine& line);

}  // namespace studyctl
