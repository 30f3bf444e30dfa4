#pragma once

#include <map>
#include <string>

#include "manifest/reading.h"

namespace studyctl {

// Kubernetes labels; text to text.
std::map<std::string, std::string> read_labels(Reading& reading, const Item& item);

}  // namespace studyctl
