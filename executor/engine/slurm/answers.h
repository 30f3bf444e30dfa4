#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

// What Slurm's commands and our batch script say, as read. Each of Slurm is asked for by a format of ours, so
// it is the same in all versions.
namespace studyctl {

// "name=value" a line, as the batch script writes.
std::map<std::string, std::string> parse_notes(std::string_view text);

// What the site allows, and what it is called.
struct SlurmSite {
  std::string version;  // "22.05.8"
  std::string cluster;
  size_t array_size = 1001;  // tasks of one array at most
  size_t jobs = 10000;       // jobs that the controller keeps
  bool has_accounting = false;
};
// Of `scontrol show config`. Invalid: that is none.
Result<SlurmSite> parse_config(std::string_view text);

// A task of a job array.
struct TaskId {
  std::string array;  // the array's job id
  uint32_t index = 0;
  auto operator<=>(const TaskId&) const = default;
  std::string text() const { return array + "_" + std::to_string(index); }
};
std::optional<TaskId> parse_task_id(std::string_view text);

struct QueuedTask {
  TaskId id;
  std::string state;   // "PENDING"
  std::string reason;  // "Resources"
  int exit_code = 0;   // of one that has ended
  std::string name;    // the job's
  std::string comment;
};
inline constexpr char kQueueFormat[] =
    "ArrayJobID:|,ArrayTaskID:|,State:|,Reason:|,exit_code:|,Name:|,Comment:";
// Of squeue --array --Format=kQueueFormat; a line that is none of an array is left out.
std::vector<QueuedTask> parse_queue(std::string_view text);

// What accounting knows of a job that the queue has forgotten.
struct AccountedTask {
  TaskId id;
  std::string state;  // "CANCELLED" also of "CANCELLED by 1000"
  int exit_code = 0;
  int signal = 0;
};
inline constexpr char kAccountingFormat[] = "JobID,State,ExitCode";
// Of sacct --noheader --parsable2 --allocations --format=kAccountingFormat.
std::vector<AccountedTask> parse_accounting(std::string_view text);

struct SlurmNode {
  std::string partition, name;
  bool in_default_partition = false;
  int64_t cpus = 0;
  int64_t memory_bytes = 0;
  int gpus = 0;
  std::optional<Duration> time_limit;  // of its partition; nothing: none
};
inline constexpr char kNodeFormat[] = "%P|%n|%c|%m|%G|%l";
// Of sinfo --Node --noheader --format=kNodeFormat.
std::vector<SlurmNode> parse_nodes(std::string_view text);

// The job's id in what `sbatch --parsable` prints: "12" or "12;cluster".
std::optional<std::string> parse_submission(std::string_view text);

// The line of an error that says what is wrong, without the command's name before it.
std::string error_line(std::string_view text);

}  // namespace studyctl
