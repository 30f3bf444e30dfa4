#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace studyctl {

// Every text that `text` (with ${params.…} in it) becomes over the plan. Looks at all points only where it
// must.
std::set<std::string> values_of(const Plan& plan, const std::string& text);

// The paths of all files that the plan's experiments come with, each with one that names it: what Inputs
// needs.
std::map<std::string, const StudyFile*> input_paths(const Study& study, const Plan& plan);

// The threshold's group of the experiment at `index`: the values of `names`.
std::string group_text(const Plan& plan, uint64_t index, const std::vector<std::string>& names);

// How many groups the plan has. Looks at all points once.
uint64_t count_groups(const Plan& plan, const std::vector<std::string>& names);

}  // namespace studyctl
