#pragma once

#include <functional>
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

// A manifest that lies on the volume under this name, to be gone on with; answered on another thread.
using ApplyStaged = std::function<Gateway::Answer(const std::string& name, const std::string& who)>;

// The routes of the control channel:
//   GET  /v1/run            {"study", "run", "directory", "pid"}
//   POST /v1/run/command    {"command": "stop|pause|resume|cancel|retry|skip", "who", "why"?, "grace"?,
//   "repetitions"?:
//   [[generation, index, cycle]…]}
//   POST /v1/run/apply      {"staged", "who"}
//                           → {"message"}, or a problem with the status of its ErrorCode
Server::Answer control_routes(Gateway& gateway, RunIdentity identity, ApplyStaged apply);

// The body that control_routes() reads, and what it answered.
std::string command_json(const Command& command);
std::string apply_json(const std::string& staged, const std::string& who);
Gateway::Answer answer_from(int status, const std::string& body);

}  // namespace studyctl
