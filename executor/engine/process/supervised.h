#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/machine_boot.h"
#include "base/result.h"
#include "engine/host_process.h"
#include "engine/process/control_group.h"

// What controllers and the supervisor of a volume's processes say to each other, a JSON object a line.
namespace studyctl {

// How a process ended.
struct SupervisedEnd {
  bool is_known = true;  // false: its supervisor was killed before it, or its machine went down
  int exit_code = 0;     // 128 + signal when a signal ended it
  int signal = 0;        // 0 when it exited
  Instant at{};
  uint64_t oom_kills = 0;               // of its processes, by its memory limit
  std::optional<double> cpu_seconds{};  // that it and its processes used
  // Bytes, of the largest of its processes; none where that was no larger than the supervisor itself.
  std::optional<uint64_t> memory_peak{};
};

// A process that was started, under a name that no other ever has.
struct SupervisedProcess {
  std::string id;
  std::string run;  // the UUID of the run it belongs to
  int pid = 0;      // 0 where it is not known
  Instant started_at{};
  std::optional<SupervisedEnd> end{};  // none while it runs
  std::vector<std::string> devices{};  // that it leased
};

// A process to start.
struct ProcessStart {
  std::string id, run;
  HostProcess process{};
  std::filesystem::path out{}, err{};  // what it prints is appended to these; one that stays empty is removed
  std::vector<int> cpus{};             // pinned to these when not empty
  std::optional<int64_t> user{}, group{};
  bool may_gain_privileges = true;
  ProcessLimits limits{};
  std::vector<std::string> devices{};  // that it leased …
  std::filesystem::path lease{};       // … by this file, held until it and all that it started have ended
};

struct ProcessOrder {
  enum class Kind : uint8_t {
    Start,   // → Running or Refused, then Ended. One that was started before is not started again
    Stop,    // SIGTERM, and SIGKILL once `grace` is over → Ended
    Forget,  // kills what is left of it → Gone
    List,    // → Known for each process, then Listed
  };
  Kind kind = Kind::List;
  std::string id{};
  Duration grace{0};
  ProcessStart start{};  // of Start
};

// To every controller that is connected.
struct ProcessNews {
  enum class Kind : uint8_t { Running, Refused, Ended, Gone, Known, Listed };
  Kind kind = Kind::Listed;
  SupervisedProcess process{};
  std::string message{};  // Refused: why. Listed: why limits cannot be kept; empty where they can
};

// Each one line, without its end.
std::string line_of(const ProcessOrder& order);
std::string line_of(const ProcessNews& news);
std::string line_of(const MachineBoot& boot);
// Invalid: it is not one.
Result<ProcessOrder> parse_order(const std::string& line);
Result<ProcessNews> parse_news(const std::string& line);
Result<MachineBoot> parse_boot(const std::string& line);

}  // namespace studyctl
