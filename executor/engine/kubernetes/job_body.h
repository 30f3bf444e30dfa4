#pragma once

#include <filesystem>
#include <string>

#include "engine/engine.h"
#include "engine/kubernetes/carried.h"

namespace studyctl {

// A persistentVolumeClaim of the namespace, and where this process sees its files: what is mounted from below
// there is mounted from the claim, on whatever node. None where it is empty: nodes see paths as we do.
struct ClaimedDirectory {
  std::string claim;
  std::filesystem::path root;
};

inline constexpr char kVolumeLabel[] = "studyctl.io/volume";
inline constexpr char kRunLabel[] = "studyctl.io/run";
inline constexpr char kSpecHashLabel[] = "studyctl.io/spec-hash";
// On a Job and its pods: the attempt that they are.
inline constexpr char kAttemptLabel[] = "studyctl.io/attempt-id";
// Its init containers: init-0, init-1, …
inline constexpr char kInitPrefix[] = "init-";
// The containers beside an attempt's own that carry its files.
inline constexpr char kCarryIn[] = "carry-in";
inline constexpr char kCarryOut[] = "carry-out";

// The body of a batch/v1 Job that is one attempt, and runs it at most once: the cluster tries nothing again.
// `carried`: what of it is carried there and back instead, by containers of the controller's own image.
std::string job_body(const AttemptSpec& spec, const ClaimedDirectory& results = {},
                     const CarriedPod* carried = nullptr);

// The body of a Secret with what the attempt's variables keep, which its Job refers to; empty when they keep
// nothing.
std::string secret_body(const AttemptSpec& spec);

// A Job that runs `spec` by hand, as the kubectl of any cluster takes it; of secrets the names alone.
std::string job_by_hand(const AttemptSpec& spec, const ClaimedDirectory& results = {});

}  // namespace studyctl
