#pragma once

#include <functional>

#include "base/result.h"
#include "engine/kubernetes/cluster_api.h"

namespace studyctl {

// Asks whether attempts may be made, seen and cleared away in the cluster's namespace, before any is.
// Unavailable names the rules of RBAC that are missing, or says that the namespace is not there or is
// leaving. What a cluster does not answer is no reason to refuse.
void check_rights(ClusterApi& api, std::function<void(Result<void>)> done);

}  // namespace studyctl
