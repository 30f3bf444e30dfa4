#pragma once

#include <optional>

#include "service/operator/study_object.h"
#include "store/status.h"

// What an object says of its run.
namespace studyctl {

// Takes in what status.json says of the run.
void put_run(StudyObjectStatus& status, const Status& run, Instant now);

// Accepted: whether the object, as it is, is what is run.
void put_accepted(StudyObjectStatus& status, bool is_accepted, const std::string& reason,
                  const std::string& message);

// Conditions that are as they were `before` keep their time; those that are not begin now.
void date_conditions(StudyObjectStatus& status, const StudyObjectStatus& before, Instant now);

// What is to be told of a run that was `before` in another state; nothing where that is nothing.
std::optional<StudyEvent> event_of_change(const StudyObjectStatus& before, const StudyObjectStatus& after);

}  // namespace studyctl
