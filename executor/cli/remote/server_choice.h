#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "service/service_link.h"

namespace studyctl {

// What says where commands work, the first that does: --server or --context, --results, $STUDYCTL_SERVER,
// $STUDYCTL_RESULTS, the current context of the config file; else ./results.
struct ServerFlags {
  std::string server, context;
  bool has_results = false;  // --results was given
};

// The service to ask, with the token and certificates that its context in the config file has, or
// $STUDYCTL_TOKEN; nothing for the results on this machine. Invalid: contradicting flags, no such context, an
// address that is none.
Result<std::optional<ServiceLink>> chosen_server(const ServerFlags& flags);

}  // namespace studyctl
