#pragma once

#include <memory>
#include <string>
#include <vector>

#include "http/desk.h"
#include "http/server.h"
#include "store/volume.h"

namespace studyctl {

inline constexpr const char* kSentStudy = "application/vnd.studyctl.study+json";

// POST /api/v1/studies; see verb_api.h.
ApiResponse apply_response(const ResultsVolume& volume, Desk& desk, const ApiRequest& request);
// /api/v1/inputs/{sha256}
ApiResponse input_response(const ResultsVolume& volume, const std::string& sha256, const ApiRequest& request);

// The body that sends a study that was read on this side: its manifest as applied, its inputs by their
// hashes, its Secrets and flags.
std::string send_study(const LoadedStudy& study, const std::vector<std::string>& flags);
// The same with the content of its inputs, for who keeps none of them; and what it makes of it.
std::string send_whole_study(const LoadedStudy& study);
Result<std::unique_ptr<LoadedStudy>> read_whole_study(const std::string& body);
// What the other side said; the error that it answered.
Result<Applied> applied_from(int status, const std::string& body);

// Takes away inputs that were sent long ago. For who holds the volume.
void clear_sent_inputs(const ResultsVolume& volume);

}  // namespace studyctl
