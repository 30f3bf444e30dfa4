#pragma once

#include "manifest/manifest.h"
#include "manifest/problems.h"
#include "manifest/reading.h"
#include "model/study.h"

namespace studyctl {

inline constexpr std::string_view kApiVersion = "studyctl.io/v1alpha1";

// A document of kind Study. What is wrong with it is in `problems`, and what it returns is then to be
// dropped.
// `configs` are those of its file; what `find_config` found is added.
Study read_study(Problems& problems, const Node& document, std::vector<ConfigMapDocument>& configs,
                 const Overrides::FindConfig& find_config);

}  // namespace studyctl
