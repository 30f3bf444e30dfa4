#pragma once

#include "http/server.h"
#include "study/run_choice.h"

namespace studyctl {

// What an attempt said, both streams in the order in which it came:
//   GET …/log?experiment=&cycle=&attempt=        (the first cycle, the last attempt, when not given)
//     &tail=      begin so many lines before its end
//     &continue=  go on behind a page
//     → {"items": [{"stream", "at", "text"}], "metadata": {"continue", "ended"}}; 256 KiB at most
//     &follow=true  as server-sent events: `data` is an item, `id` what Last-Event-ID or ?continue= goes on
//                   from; "end" comes once the attempt has ended and all of it was told
ApiResponse log_answer(const ChosenRun& chosen, const ApiRequest& request);

}  // namespace studyctl
