#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "base/result.h"
#include "engine/engine.h"

namespace studyctl {

// What lies in an attempt's home, a directory of its own that the controller and the nodes see: names of
// files. Each is written whole or not at all. What takes or renames `command` first, decides: a task that
// runs it, or a controller that withdraws it. So no attempt runs twice, however often it was submitted.
inline constexpr char kCommandFile[] = "command";  // what to run, with its secrets: 0600, gone once it runs
inline constexpr char kOptionsFile[] = "options";  // words of sbatch, a line each
inline constexpr char kBatchFile[] = "batch";      // the job's name and the task's number, before sbatch
inline constexpr char kWithdrawnFile[] = "withdrawn";  // what was `command`
inline constexpr char kBegunFile[] = "begun";          // lines "name=value": init containers run
inline constexpr char kStartedFile[] = "started";      // …: main runs
inline constexpr char kExitFile[] = "exit";            // …: how it ended

// The exit code of a task whose node does not see its home.
inline constexpr int kHomeNotSeen = 75;

// The script of all tasks of a job array: task i runs what lies in homes[i]. It takes USR1 for SIGTERM and
// USR2 for SIGKILL to the workload, and TERM, which only Slurm sends, for both with the grace between them.
std::string batch_script(std::span<const std::filesystem::path> homes);

// What a task of that script reads. Invalid: as host_process().
Result<std::string> command_file(const AttemptSpec& spec, const ProcessOptions& options);

}  // namespace studyctl
