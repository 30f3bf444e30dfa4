#pragma once

#include "control/gateway.h"
#include "study/apply_request.h"

namespace studyctl {

// Who does what the API is asked to do. Safe from any thread; all of them wait for the answer.
class Desk {
 public:
  virtual ~Desk() = default;
  virtual Result<Applied> apply(ApplyRequest request) = 0;
  // Below, `run` is its id.
  virtual Result<Applied> again(const std::string& run, AgainRequest request) = 0;
  // Takes a run that has ended out of the volume, for good.
  virtual Result<void> remove(const std::string& run) = 0;
  virtual Gateway::Answer tell(const std::string& run, const Command& command) = 0;
};

}  // namespace studyctl
