#pragma once

#include <string>

#include "base/result.h"

namespace studyctl {

// What the schema says of one field of a manifest ("spec.execution.retry.rules"; lists are entered by their
// fields' names; empty: the whole), and the fields in it, all levels deep when `recursive`. NotFound names
// the nearest.
struct ExplainOptions {
  std::string field;
  bool recursive = false;
};
Result<std::string> explain(const ExplainOptions& options);

}  // namespace studyctl
