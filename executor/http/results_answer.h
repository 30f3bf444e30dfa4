#pragma once

#include "http/server.h"
#include "study/run_choice.h"

namespace studyctl {

// What a run came to, as `results -o json` has it: groups and metrics with their 95 % intervals.
//   GET …/results?by=a,b&baseline=a=1&sort=&where=&selector=&experiment=&clean=true&limit=1000
// `limit` is of groups; "groups" says how many there are.
ApiResponse results_answer(const ChosenRun& chosen, const ApiRequest& request);

// What differs between the manifests of two runs of a study, as `diff` says it.
//   {"lines": ["+ 3 new  = 7 same  - 2 dropped", …], "experiments": {"added", "same", "changed", "dropped"}}
ApiResponse changes_answer(const ChosenRun& before, const ChosenRun& after);

// {"yaml": the manifest as applied, "source", "flags": […], "environment": {…}}
ApiResponse manifest_answer(const ChosenRun& chosen);

// {"items": [{"at", "who", "command"}]}: what was asked of a run, and by whom.
ApiResponse commands_answer(const ChosenRun& chosen);

}  // namespace studyctl
