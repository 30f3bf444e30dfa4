#include "engine/slurm/commands.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "base/text.h"

namespace studyctl {
namespace {

constexpr char kEnv[] = "/usr/bin/env";
constexpr ProgramLimits kLimits{std::chrono::seconds(60), 64u << 20};

// env -i, so that neither secrets nor an allocation that this process is in come near a job.
std::vector<std::string> in_clean_environment(const std::vector<std::string>& words) {
  static constexpr std::array<std::string_view, 8> kKept = {
      "PATH=", "HOME=", "USER=", "LOGNAME=", "LANG=", "SLURM_CONF=", "SBATCH_", "KRB5CCNAME="};
  std::vector<std::string> all = {kEnv, "-i"};
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view one = *variable;
    // To another cluster than squeue is asked about.
    const bool leads_away = one.starts_with("SBATCH_CLUSTERS=");
    const bool is_kept = std::any_of(kKept.begin(), kKept.end(),
                                     [&](std::string_view start) { return one.starts_with(start); });
    if (is_kept && !leads_away) all.emplace_back(one);
  }
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

Result<std::string> result_of(const std::string& name, Result<ProgramOutput> output) {
  constexpr int kNotThere = 127;
  if (!output) return std::move(output).error();
  if (output->end.exit_code == kNotThere && output->err.starts_with(std::string(kEnv) + ": "))
    return Error{ErrorCode::NotFound, name + " is not installed on this machine"};
  if (output->is_cut) return Error{ErrorCode::Unavailable, name + " printed too much"};
  if (output->end.is_success()) return std::move(output->out);
  const std::string said = output->err.empty() ? output->out : output->err;
  return Error{ErrorCode::Invalid, said.empty() ? name + " ended with " + output->end.text() : said};
}

}  // namespace

SlurmCommands::~SlurmCommands() {
  for (const auto& [id, token] : timers_) loop_.cancel(token);
}

void SlurmCommands::run(const std::vector<std::string>& words, const std::string& input, Done done) {
  Program program;
  program.words = in_clean_environment(words);
  program.input = input;
  const uint64_t id = next_++;
  auto ended = [this, id, name = words.front(), done = std::move(done)](Result<ProgramOutput> output) {
    const auto task = std::move(running_.extract(id).mapped());
    done(result_of(name, std::move(output)));
  };
  running_[id] = std::make_unique<ProgramTask>(loop_, program, kLimits, std::move(ended));
}

void SlurmCommands::after(Duration delay, std::function<void()> callback) {
  const uint64_t id = next_timer_++;
  timers_[id] = loop_.after(delay, [this, id, callback = std::move(callback)] {
    timers_.erase(id);
    callback();
  });
}

}  // namespace studyctl
