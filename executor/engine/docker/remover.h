#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/docker/api.h"

namespace studyctl {

// Removes containers, whatever they do, with their anonymous volumes.
class Remover {
 public:
  // `done` gets an empty text, or why some are still there after many tries.
  Remover(EngineApi& api, std::vector<std::string> containers, std::function<void(std::string failure)> done);

 private:
  void next();
  void remove();
  void again(const std::string& why);

  EngineApi& api_;
  std::vector<std::string> containers_;
  std::function<void(std::string)> done_;
  std::string failure_;
  int tries_ = 0;
  Calls calls_;
};

}  // namespace studyctl
