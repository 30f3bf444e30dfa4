#pragma once

#include <map>
#include <string>

namespace studyctl {

// The value of a label of an attempt or of its container; empty where there is none.
inline std::string label_of(const std::map<std::string, std::string>& labels, const std::string& name) {
  const auto found = labels.find(name);
  return found == labels.end() ? std::string() : found->second;
}

}  // namespace studyctl
