#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "service/service_link.h"

namespace studyctl {

// A command for a service elsewhere.
struct RemoteCommand {
  std::vector<std::string> args;  // "get", "runs"
  std::string study{};            // of send_study(); may be empty
  bool was_there = false;         // the service has just answered something else
  // Where its standard output goes; to ours when empty.
  std::function<void(std::string_view)> on_output{};
};

// Has the service run it and prints what it says, as it comes. Its exit code; kUnavailable, with a sentence
// on standard error, when the service cannot be reached. What only looks on, watch and wait, goes on with a
// service that comes back within a minute; Ctrl+C ends it and leaves the run alone.
int run_there(const ServiceLink& link, const RemoteCommand& command);

}  // namespace studyctl
