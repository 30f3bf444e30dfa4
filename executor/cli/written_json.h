#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"
#include "manifest/written.h"

namespace studyctl {

// JSON that was read, to be written as JSON or YAML. null when it is none.
Written written_from_json(std::string_view json);

// null where there is none.
Written written_instant(const std::optional<Instant>& at);
Written written_seconds(Duration duration);
// A double by its shortest text; null when it is no number.
Written written_number(double value);
Written written_null();

}  // namespace studyctl
