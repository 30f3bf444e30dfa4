#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "study/changes.h"
#include "study/run_choice.h"
#include "study/study_source.h"

namespace studyctl {

// What an apply comes to, where nobody drives the newest run of the study.
struct ApplyDecision {
  enum class Kind : uint8_t {
    New,         // a new run begins
    GoOn,        // the run goes on
    Configured,  // the run takes it up, and has nothing to do for it
    Unchanged,
    Refused,
  };
  Kind kind = Kind::New;
  std::string message{};
};
ApplyDecision decide(const RunSummary& newest, const StudyChanges& changes, const LoadedStudy& study);

// The newest run of the study, if there is one.
Result<std::optional<ChosenRun>> newest_run(const ResultsVolume& volume, const std::string& study);

Result<StudyChanges> changes_since(const ChosenRun& chosen, const LoadedStudy& study);

// Invalid: there are more repetitions than the study itself allows without --yes.
Result<void> within_the_limit(const LoadedStudy& study);

// Records of a run that has ended that it is of `study` from here on. For whoever holds the volume.
Result<void> configure(const LoadedStudy& study, const ChosenRun& chosen,
                       const std::vector<std::string>& flags, const std::string& who);

}  // namespace studyctl
