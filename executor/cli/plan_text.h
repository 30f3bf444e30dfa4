#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/study_source.h"

namespace studyctl {

// What apply and plan begin with: how many experiments and repetitions, what was excluded and why, how long
// it may take.
std::vector<std::string> plan_summary(const LoadedStudy& study);

struct TableOptions {
  uint64_t limit = 20;  // rows; 0: all
  bool wide = false;    // every parameter and the identity
};

// The experiments as a table, one line each, headings first; a last line says how many are left out.
std::vector<std::string> plan_table(const LoadedStudy& study, const TableOptions& options);

}  // namespace studyctl
