#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/server.h"
#include "store/volume.h"

namespace studyctl {

inline constexpr std::string_view kCommandsPath = "/api/v1/commands";
inline constexpr const char* kCommandOutput = "application/x-ndjson";

// For whom this process runs a command that came over the network, by its environment
// (STUDYCTL_ON_BEHALF="viewer alice"); nothing where somebody has typed it here.
std::optional<Caller> on_behalf();

// Runs studyctl's commands for who is elsewhere: a process each of this very binary, which sees by
// on_behalf() for whom, and refuses what that one may not; see cli/remote/remote_rules.h.
//   POST /api/v1/commands {"args": ["get", "runs"], "terminal"?: {"columns": 120, "rows": 40}, "study"?: "…"}
//   "study" is what send_study() makes of one, which the process reads from its standard input.
//   → lines of JSON: {"stdout": base64} and {"stderr": base64} as they come, and {"exitCode": 0} at the end
// Whoever hangs up ends the process. Safe from any thread.
class CommandApi {
 public:
  explicit CommandApi(ResultsVolume volume);

  ApiResponse answer(const ApiRequest& request) const;

 private:
  const ResultsVolume volume_;
  const std::shared_ptr<std::atomic<int>> running_;
};

// What is asked of it, and a line of what it says.
struct CommandRequest {
  std::vector<std::string> args;
  int columns = 0, rows = 0;  // of the terminal that it is shown on; 0: on none
  std::string study;          // of send_study(); may be empty
};
std::string command_request_json(const CommandRequest& request);

struct CommandLine {
  std::string out, err;
  std::optional<int> exit_code;  // the last one
};
Result<CommandLine> read_command_line(std::string_view line);

}  // namespace studyctl
