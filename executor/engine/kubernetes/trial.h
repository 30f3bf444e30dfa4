#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "engine/kubernetes/cluster_api.h"

namespace studyctl {

// Has a cluster look at a Job, and at the pod that it would make where we may ask for pods, and keep neither
// (dryRun=All). Invalid says what it has against one: a field that it does not know or take, admission, a
// quota that never has room for it. A cluster that does not answer, or lets us ask later, is no reason to
// refuse.
void try_job(ClusterApi& api, const std::string& job, std::function<void(Result<void>)> done);

// What a cluster has against it for good; empty where it takes it, or may take it later.
std::string lasting_refusal(const HttpResponse& response, const std::string& namespace_name);
// The first field of `sent`'s pod that an older cluster has dropped from what it `answered`; empty where all
// are there.
std::string dropped_field(const std::string& sent, const std::string& answered);

}  // namespace studyctl
