#pragma once

#include <string>

#include "engine/engine.h"

namespace studyctl {

inline constexpr char kVolumeLabel[] = "studyctl.io/volume";
inline constexpr char kRunLabel[] = "studyctl.io/run";
inline constexpr char kSpecHashLabel[] = "studyctl.io/spec-hash";
// On a Job and its pods: the attempt that they are.
inline constexpr char kAttemptLabel[] = "studyctl.io/attempt-id";

// The body of a batch/v1 Job that is one attempt, and runs it at most once: the cluster tries nothing again.
std::string job_body(const AttemptSpec& spec);

// The body of a Secret with what the attempt's variables keep, which its Job refers to; empty when they keep
// nothing.
std::string secret_body(const AttemptSpec& spec);

// A Job that runs `spec` by hand, as kubectl reads it; of secrets the names alone.
std::string job_by_hand(const AttemptSpec& spec);

}  // namespace studyctl
