#pragma once

#include "manifest/reading.h"
#include "model/study.h"

namespace studyctl {

// spec.files: what is written below /study before an experiment starts.
void read_files(Reading& reading, const Item& item, Study& study);

// Whether `path` is relative, without "." and ".." and empty parts.
bool is_path_within(std::string_view path);

}  // namespace studyctl
