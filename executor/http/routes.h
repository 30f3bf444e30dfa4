#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "control/gateway.h"
#include "http/server.h"

namespace studyctl {

// On the control channel: who asks, as who_am_i() says it.
inline constexpr const char* kWhoHeader = "Studyctl-Who";

// What may be said to the controllers of a process; both wait for the answer.
struct ControlDoor {
  std::function<Gateway::Answer(const std::string& run, const Command& command)> tell;
  // A manifest that lies on the volume under a name, to be gone on with.
  std::function<Gateway::Answer(const std::string& run, const std::string& staged, const std::string& who)>
      apply;
};

// The routes of the control channel, for the commands of this machine:
//   POST /v1/run/command    {"run", "command": "stop|pause|resume|cancel|retry|skip", "who", "why"?,
//   "grace"?,
//                            "repetitions"?: [[generation, index, cycle]…], "states"?}
//   POST /v1/run/apply      {"run", "staged", "who"}
//                           → {"message"}, or a problem with the status of its ErrorCode
Server::Answer control_routes(ControlDoor door);

// "stop" and so on; nothing for other words.
std::optional<Command::Kind> command_named(std::string_view name);
// All of them, for people.
std::string command_names();

// The body that control_routes() reads, and what it answered.
std::string command_json(const std::string& run, const Command& command);
std::string apply_json(const std::string& run, const std::string& staged, const std::string& who);
Gateway::Answer answer_from(int status, const std::string& body);

}  // namespace studyctl
