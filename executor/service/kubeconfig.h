#pragma once

#include <vector>

#include "base/result.h"
#include "engine/kubernetes/access.h"

namespace studyctl {

// The kubeconfigs of this user, as kubectl finds them: KUBECONFIG's, those that are there, else
// ~/.kube/config. None where there is none. Invalid names file, line and what is wrong with the YAML.
Result<std::vector<KubeconfigFile>> read_kubeconfigs();

}  // namespace studyctl
