#pragma once

#include <functional>

#include "base/result.h"
#include "control/mounts.h"
#include "engine/engine.h"
#include "plan/resolve.h"

namespace studyctl {

// Of what the containers of an attempt are made. All that it refers to must outlive it.
struct ContainerParts {
  const Study& study;
  const ResolvedPod& pod;
  const AttemptPaths& paths;
  const std::function<Result<std::string>(const SecretReference&)>& secret;
};

// One container, everything put in. NotFound: a secret that there is not.
Result<ContainerSpec> container_spec(const Container& container, const ContainerParts& parts);

// What an attempt has of its template beside its containers.
void put_template(const PodTemplate& pod, AttemptSpec& spec);

}  // namespace studyctl
