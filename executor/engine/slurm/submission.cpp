#include "engine/slurm/submission.h"

#include <algorithm>
#include <array>

#include "base/hash.h"
#include "base/text.h"

namespace studyctl {
namespace {

constexpr char kVolume[] = "studyctl.io/volume=";
constexpr char kRun[] = ",studyctl.io/run=";
// Slurm looks once a minute or so, and sends the signal up to a minute early.
constexpr Duration kEarly = std::chrono::seconds(60);

std::string of_volume(const std::string& volume) {
  return "studyctl-" + volume.substr(0, 8) + "-";
}

int64_t seconds_of(Duration duration) {
  return std::chrono::ceil<std::chrono::seconds>(duration).count();
}

void add_options(std::vector<std::string>& words, const SlurmOptions& options) {
  const std::array<std::pair<const char*, const std::string*>, 4> named = {
      {{"--partition=", &options.partition},
       {"--account=", &options.account},
       {"--qos=", &options.qos},
       {"--constraint=", &options.constraint}}};
  for (const auto& [option, value] : named)
    if (!value->empty()) words.push_back(option + *value);
  words.insert(words.end(), options.extra_arguments.begin(), options.extra_arguments.end());
}

// "--time=5" of `--time=`, in minutes.
std::string time_option(Duration length) {
  const auto limit = std::chrono::duration_cast<std::chrono::minutes>(time_limit_of(length));
  return "--time=" + std::to_string(limit.count());
}

bool says_any(const std::string& text, std::span<const std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

}  // namespace

Duration time_limit_of(Duration length) {
  return std::chrono::ceil<std::chrono::minutes>(length + kEarly);
}

int64_t cpus_of(const Resources& resources) {
  const auto millicpu = resources.millicpu ? resources.millicpu : resources.millicpu_request;
  return std::max<int64_t>(1, (millicpu.value_or(0) + 999) / 1000);
}

void tell_cpus(ContainerSpec& container) {
  if (container.resources.millicpu) return;
  std::string told;
  for (const auto& [name, value] : container.environment)
    if (name == "STUDY_CPUS") told = value;
  for (auto& [name, value] : container.environment)
    if (name == "STUDY_CPUS" || (name == "OMP_NUM_THREADS" && value == told))
      value = std::to_string(cpus_of(container.resources));
}

std::vector<std::string> options_of(const AttemptSpec& spec, const SlurmOptions& options) {
  std::vector<std::string> words;
  const Resources& resources = spec.main.resources;
  const auto memory = resources.memory_bytes ? resources.memory_bytes : resources.memory_bytes_request;
  words.push_back("--cpus-per-task=" + std::to_string(cpus_of(resources)));
  if (memory) words.push_back("--mem=" + std::to_string((*memory + (1 << 20) - 1) >> 20) + "M");
  int gpus = 0;
  for (const DeviceRequest& request : spec.devices) gpus += request.count;
  if (gpus > 0) words.push_back("--gres=gpu:" + std::to_string(gpus));
  if (spec.run_timeout) words.push_back(time_option(*spec.run_timeout + spec.grace));
  words.push_back("--signal=B:TERM@" + std::to_string(std::clamp<int64_t>(seconds_of(spec.grace), 1, 65535)));
  add_options(words, options);
  return words;
}

std::string batch_name(const std::string& volume, const std::string& run) {
  return of_volume(volume) + run.substr(0, 8) + "-" + random_uuid().substr(0, 8);
}

bool is_name_of(const std::string& name, const std::string& volume) {
  return name.starts_with(of_volume(volume));
}

std::string comment_of(const std::string& volume, const std::string& run) {
  return kVolume + volume + kRun + run;
}

std::string run_in(const std::string& comment, const std::string& volume) {
  const std::string head = comment_of(volume, {});
  return comment.starts_with(head) ? comment.substr(head.size()) : std::string();
}

std::vector<std::string> sbatch_words(const Submission& submission) {
  std::vector<std::string> words = {"sbatch",
                                    "--parsable",
                                    "--job-name=" + submission.name,
                                    "--comment=" + submission.comment,
                                    "--array=0-" + std::to_string(submission.tasks - 1),
                                    "--nodes=1",
                                    "--ntasks=1",
                                    "--no-requeue",
                                    "--export=ALL",
                                    "--chdir=/",
                                    "--output=/dev/null"};
  words.insert(words.end(), submission.options.begin(), submission.options.end());
  return words;
}

Refused refusal_of(const std::string& error) {
  static constexpr std::array<std::string_view, 8> kUnknown = {"Unable to contact slurm controller",
                                                               "Socket timed out",
                                                               "Communication connection failure",
                                                               "Zero Bytes were transmitted",
                                                               "timed out",
                                                               "Transport endpoint",
                                                               "authentication error",
                                                               "Munge"};
  static constexpr std::array<std::string_view, 4> kForNow = {
      "temporarily unable", "Resource temporarily unavailable", "MaxSubmit", "MaxJobCount"};
  if (says_any(error, kUnknown)) return Refused::Unknown;
  if (says_any(error, kForNow)) return Refused::ForNow;
  return Refused::ForGood;
}

std::string limit_in(const std::string& error) {
  for (const std::string& line : split(error, '\n')) {
    std::string word = error_line(line);
    if (word.find("Limit") != std::string::npos && word.find(' ') == std::string::npos) return word;
  }
  return error_line(error);
}

std::vector<std::string> trial_words(const SlurmOptions& options, Duration length) {
  std::vector<std::string> words = {"sbatch", "--test-only", "--nodes=1", "--ntasks=1", "--chdir=/"};
  if (length > Duration(0)) words.push_back(time_option(length));
  add_options(words, options);
  return words;
}

// What Slurm says of nodes that are busy, down or drained now is no refusal: then a job waits.
std::optional<std::string> trial_refusal(const SlurmOptions& options, const std::string& error) {
  struct Refusal {
    std::string_view said, field;
    const std::string* value;
  };
  static constexpr std::string_view kPolicy = "accounting/QOS policy";
  const std::array<Refusal, 11> refusals = {{{kPolicy, "", nullptr},
                                             {"Invalid account", ".account", &options.account},
                                             {"Invalid qos", ".qos", &options.qos},
                                             {"Invalid feature", ".constraint", &options.constraint},
                                             {"partition", ".partition", &options.partition},
                                             {"reservation", ".extraArgs", nullptr},
                                             {"time limit", "", nullptr},
                                             {"generic resource", "", nullptr},
                                             {"unrecognized option", ".extraArgs", nullptr},
                                             {"invalid option", ".extraArgs", nullptr},
                                             {"permi", "", nullptr}}};
  static constexpr std::array<std::string_view, 3> kNow = {"not available", "inactive", "busy"};
  if (refusal_of(error) != Refused::ForGood || says_any(error, kNow)) return std::nullopt;
  for (const auto& [said, field, value] : refusals) {
    if (error.find(said) == std::string::npos) continue;
    const std::string as = value && !value->empty() ? " as '" + *value + "'" : std::string();
    const std::string why = said == kPolicy ? "it is beyond " + limit_in(error) : error_line(error);
    return "execution.slurm" + std::string(field) + ": Slurm takes no job" + as + ": " + why;
  }
  return std::nullopt;
}

}  // namespace studyctl
