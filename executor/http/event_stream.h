#pragma once

#include <filesystem>

#include "http/server.h"

namespace studyctl {

// The transitions of a run as server-sent events (html.spec.whatwg.org §9.2), from the first on or after the
// one that the header Last-Event-ID or ?after= names, and then as they come: `id` is the seq, `event` is
// "repetition" or "run", `data` the line of progress.jsonl. It is read from that file, so that nobody is ever
// too slow to get them all. Behind the last one of a run that has ended comes "end" with its state and
// reason; a request from there on is answered 204, which tells a browser not to come again.
ApiResponse event_stream(const std::filesystem::path& run_directory, const ApiRequest& request);

}  // namespace studyctl
