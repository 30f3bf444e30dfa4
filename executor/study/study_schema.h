#pragma once

#include <string_view>

namespace studyctl {

// manifests/study.schema.json, as it was when this program was built.
std::string_view study_schema();

}  // namespace studyctl
