#include "engine/slurm/answers.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "engine/slurm/ending.h"

namespace studyctl {
namespace {

constexpr size_t kQueueFields = 7;
constexpr size_t kAccountingFields = 3;
constexpr size_t kNodeFields = 6;

template <class Number>
Number number_of(std::string_view text) {
  Number number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// wait()'s, of which the upper byte is the exit code.
int code_of_status(int status) {
  const int signal = status & 0x7f;
  return signal != 0 ? 128 + signal : status >> 8;
}

// "gpu:2", "gpu:a100:4(S:0-1),nvme:1"
int gpus_in(std::string_view gres) {
  int gpus = 0;
  for (const std::string& one : split(gres, ',')) {
    const std::string plain = one.substr(0, one.find('('));
    const size_t count = plain.rfind(':');
    if (plain.starts_with("gpu:")) gpus += number_of<int>(std::string_view(plain).substr(count + 1));
  }
  return gpus;
}

}  // namespace

std::map<std::string, std::string> parse_notes(std::string_view text) {
  std::map<std::string, std::string> notes;
  for (const std::string& line : split(text, '\n')) {
    const size_t equals = line.find('=');
    if (equals != std::string::npos) notes[line.substr(0, equals)] = line.substr(equals + 1);
  }
  return notes;
}

Result<SlurmSite> parse_config(std::string_view text) {
  SlurmSite site;
  for (const std::string& line : split(text, '\n')) {
    const size_t equals = line.find('=');
    if (equals == std::string::npos) continue;
    const std::string name(trim(std::string_view(line).substr(0, equals)));
    const std::string value(trim(std::string_view(line).substr(equals + 1)));
    if (name == "SLURM_VERSION") site.version = value;
    if (name == "ClusterName") site.cluster = value;
    if (name == "MaxArraySize") site.array_size = number_of<size_t>(value);
    if (name == "MaxJobCount") site.jobs = number_of<size_t>(value);
    if (name == "AccountingStorageType") site.has_accounting = value == "accounting_storage/slurmdbd";
    if (name != "SchedulerParameters") continue;
    for (const std::string& parameter : split(value, ','))
      if (parameter.starts_with("max_array_tasks="))
        site.array_size = std::min(site.array_size, number_of<size_t>(parameter.substr(16)));
  }
  if (site.version.empty())
    return Error{ErrorCode::Invalid, "scontrol show config names no version of Slurm"};
  if (site.array_size < 2)
    return Error{ErrorCode::Invalid, "this Slurm takes no job arrays (MaxArraySize is below 2)"};
  return site;
}

std::optional<TaskId> parse_task_id(std::string_view text) {
  const size_t line = text.find('_');
  if (line == std::string_view::npos) return std::nullopt;
  const std::string_view array = text.substr(0, line), index = text.substr(line + 1);
  if (!is_number(array) || !is_number(index)) return std::nullopt;
  return TaskId{std::string(array), number_of<uint32_t>(index)};
}

std::vector<QueuedTask> parse_queue(std::string_view text) {
  std::vector<QueuedTask> tasks;
  for (const std::string& line : split(text, '\n')) {
    std::vector<std::string> fields = split(line, '|');
    if (fields.size() < kQueueFields || !is_number(fields[0]) || !is_number(fields[1])) continue;
    QueuedTask task;
    task.id = {fields[0], number_of<uint32_t>(fields[1])};
    task.state = fields[2];
    task.reason = fields[3];
    task.exit_code = code_of_status(number_of<int>(fields[4]));
    task.name = fields[5];
    task.comment = fields[6];
    tasks.push_back(std::move(task));
  }
  return tasks;
}

std::vector<AccountedTask> parse_accounting(std::string_view text) {
  std::vector<AccountedTask> tasks;
  for (const std::string& line : split(text, '\n')) {
    const std::vector<std::string> fields = split(line, '|');
    const auto id = fields.size() == kAccountingFields ? parse_task_id(fields[0]) : std::nullopt;
    if (!id) continue;
    const size_t colon = fields[2].find(':');
    AccountedTask task{*id, fields[1].substr(0, fields[1].find(' ')), number_of<int>(fields[2]), 0};
    if (colon != std::string::npos)
      task.signal = number_of<int>(std::string_view(fields[2]).substr(colon + 1));
    tasks.push_back(std::move(task));
  }
  return tasks;
}

std::vector<SlurmNode> parse_nodes(std::string_view text) {
  std::vector<SlurmNode> nodes;
  for (const std::string& line : split(text, '\n')) {
    const std::vector<std::string> fields = split(line, '|');
    if (fields.size() != kNodeFields) continue;
    SlurmNode node;
    node.partition = fields[0];
    node.in_default_partition = node.partition.ends_with('*');
    if (node.in_default_partition) node.partition.pop_back();
    node.name = fields[1];
    node.cpus = number_of<int64_t>(fields[2]);
    node.memory_bytes = number_of<int64_t>(fields[3]) << 20;
    node.gpus = gpus_in(fields[4]);
    node.time_limit = parse_time_left(fields[5]);  // none of "infinite"
    nodes.push_back(std::move(node));
  }
  return nodes;
}

std::optional<std::string> parse_submission(std::string_view text) {
  const std::string line(trim(text.substr(0, text.find('\n'))));
  const std::string id = line.substr(0, line.find(';'));
  return is_number(id) ? std::optional(id) : std::nullopt;
}

// "sbatch: error: Batch job submission failed: Invalid partition name specified"
std::string error_line(std::string_view text) {
  std::string found;
  for (const std::string& line : split(text, '\n')) {
    const size_t mark = line.find(": error: ");
    const std::string said = mark == std::string::npos ? line : line.substr(mark + 9);
    if (!trim(said).empty() && (mark != std::string::npos || found.empty())) found = std::string(trim(said));
  }
  for (const std::string_view before : {"Batch job submission failed: ", "allocation failure: "})
    if (found.starts_with(before)) found.erase(0, before.size());
  return found;
}

}  // namespace studyctl
