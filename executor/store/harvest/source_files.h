#pragma once

#include <string>
#include <vector>

#include "model/study.h"
#include "store/harvest/attempt_directory.h"

namespace studyctl {

// "stdout", "stderr", or the file as the rule names it: for what people are told.
std::string name_of_source(MetricSource::From from, const std::string& file);

// The files below `directory` that hold what a rule asks for, sorted.
std::vector<std::string> files_of_source(const AttemptDirectory& directory, MetricSource::From from,
                                         const std::string& file);

}  // namespace studyctl
