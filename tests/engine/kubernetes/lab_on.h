#pragma once

#include "engine/kubernetes/access.h"
#include "io/scripted_server.h"

namespace studyctl {

// The namespace `lab` of a cluster that `server` plays.
inline ClusterAccess lab_on(const ScriptedServer& server) {
  ClusterAccess access;
  access.address = server.address();
  access.namespace_name = "lab";
  return access;
}

}  // namespace studyctl
