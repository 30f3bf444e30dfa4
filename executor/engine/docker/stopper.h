#pragma once

#include <string>

#include "engine/docker/api.h"

namespace studyctl {

// Ends one container: SIGTERM, and SIGKILL once the grace is over, again and again until its owner sees the
// end and destroys this object. No call blocks for long.
class Stopper {
 public:
  Stopper(EngineApi& api, std::string container, Duration grace);

 private:
  void signal(const char* name);
  void kill();

  EngineApi& api_;
  std::string container_;
  Calls calls_;
};

}  // namespace studyctl
