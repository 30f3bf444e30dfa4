#pragma once

#include <string>

#include "cli/context.h"
#include "cli/listing.h"
#include "cli/selection.h"

namespace studyctl {

enum class RepetitionList : uint8_t { Experiments, Repetitions, Attempts };

struct RepetitionListing {
  RepetitionList kind = RepetitionList::Repetitions;
  std::string study;
  Selection selection;
  Output output = Output::Table;
};

// get experiments, repetitions and attempts. Those that were never started are no rows of the database: how
// many they are is said on standard error, and they are listed from the plan when their state is asked for.
int list_repetitions(const Context& context, const RepetitionListing& request);

}  // namespace studyctl
