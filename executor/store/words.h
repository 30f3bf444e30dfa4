#pragma once

#include <optional>
#include <string_view>

#include "model/event.h"

namespace studyctl {

// As in studies.db and attempt.json: "Succeeded" … "Retry".
std::string_view name_of(Verdict verdict);
std::optional<Verdict> verdict_named(std::string_view name);

// The state that a repetition is in once an attempt ended so.
RepetitionState state_after(Verdict verdict);

}  // namespace studyctl
