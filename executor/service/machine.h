#pragma once

#include <map>
#include <string>

namespace studyctl {

// What is recorded of this machine with every run and attempt: studyctl's version, host, kernel, cpu model,
// GPU driver.
std::map<std::string, std::string> machine_facts();

}  // namespace studyctl
