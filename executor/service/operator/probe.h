#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "http/server.h"
#include "service/operator/leadership.h"

namespace studyctl {

// What a cluster asks an operator, also one that waits for its turn; nobody else's business, and no secret.
//   GET /healthz   200 while it goes on with its election, and who leads; else 503
//   GET /readyz    200 once it acts, or stands by where a label leads to who acts; 503 says what it waits for
// `leadership` must outlive it. Invalid, Unavailable: it cannot listen there.
Result<std::unique_ptr<Server>> open_probe(const std::string& listen, const Leadership& leadership);
// The same of what `open_probe` will be asked for.
ApiResponse probe_answer(const ApiRequest& request, const Leadership::Standing& standing);

}  // namespace studyctl
