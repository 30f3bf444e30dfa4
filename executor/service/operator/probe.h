#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/result.h"
#include "http/server.h"
#include "service/operator/leadership.h"

namespace studyctl {

// What a cluster asks an operator, also one that waits for its turn; nobody else's business, and no secret.
//   GET /healthz   200 while it goes on with its election, and who leads; else 503
//   GET /readyz    200 once it acts; 503 says whom it waits for
// Both must outlive it. Invalid, Unavailable: it cannot listen there.
Result<std::unique_ptr<Server>> open_probe(const std::string& listen, const Leadership& leadership,
                                           const std::atomic<bool>& acts);
// The same of what `open_probe` will be asked for.
ApiResponse probe_answer(const ApiRequest& request, bool is_alive, bool acts, const std::string& waits_for);

}  // namespace studyctl
