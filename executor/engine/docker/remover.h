#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/docker/api.h"

namespace studyctl {

// What is to be removed: ids of containers that are ours, and names that are removed only where the label of
// the volume says that they are.
struct Doomed {
  std::vector<std::string> ids;
  std::vector<std::string> names;
};

// Removes containers, whatever they do, with their anonymous volumes.
class Remover {
 public:
  // `done` gets an empty text, or why some are still there after many tries.
  Remover(EngineApi& api, std::string volume, Doomed doomed, std::function<void(std::string failure)> done);

 private:
  void next();
  void identify();
  void remove();
  void again(const std::string& why);

  EngineApi& api_;
  std::string volume_;
  Doomed doomed_;
  std::function<void(std::string)> done_;
  std::string failure_;
  int tries_ = 0;
  Calls calls_;
};

}  // namespace studyctl
