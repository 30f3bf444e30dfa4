#pragma once

#include <string>
#include <string_view>

namespace studyctl {

// What the results call a Study that is an object of another namespace than its controller's own: two
// namespaces may have one of the same name. Neither a namespace nor a Study has a '_' in its name.
inline std::string name_in_namespace(std::string_view namespace_name, std::string_view study) {
  return std::string(namespace_name) + "_" + std::string(study);
}

// The namespace in such a name; empty in any other.
inline std::string_view namespace_in(std::string_view study) {
  const size_t end = study.find('_');
  return end == std::string_view::npos ? std::string_view() : study.substr(0, end);
}

// Without it: the name that the study's manifest gives.
inline std::string_view name_without_namespace(std::string_view study) {
  return study.substr(study.find('_') == std::string_view::npos ? 0 : study.find('_') + 1);
}

}  // namespace studyctl
