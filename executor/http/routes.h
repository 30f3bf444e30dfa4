#pragma once

#include <string>

#include "control/gateway.h"
#include "http/server.h"

namespace studyctl {

// What the run that is on says of itself: GET /v1/run.
struct RunIdentity {
  std::string study;
  std::string run;
  std::string directory;
};

// The routes of the control channel:
//   GET  /v1/run            {"study", "run", "directory", "pid"}
//   POST /v1/run/command    {"command": "stop|pause|resume|cancel|retry", "who", "grace"?, "repetitions"?:
//   [[generation, index, cycle]…]}
//                           → {"message"}, or {"error"} with the status of its ErrorCode
Server::Answer control_routes(Gateway& gateway, RunIdentity identity);

// The body that control_routes() reads, and what it answered.
std::string command_json(const Command& command);
Gateway::Answer answer_from(int status, const std::string& body);

}  // namespace studyctl
