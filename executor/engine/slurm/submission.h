#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/slurm/answers.h"
#include "model/study.h"

namespace studyctl {

// What an attempt asks of Slurm, as words of sbatch: attempts with the same words may be of one array.
std::vector<std::string> options_of(const AttemptSpec& spec, const SlurmOptions& options);

// What Slurm is asked for, so that it never ends what takes `length` with its grace before we do: minutes.
Duration time_limit_of(Duration length);
// How many processors that is.
int64_t cpus_of(const Resources& resources);
// Without a limit of its own a container was told of all that the cluster has: STUDY_CPUS, and what follows
// from it, are what its task gets.
void tell_cpus(ContainerSpec& container);

// The name of a job array of ours: "studyctl-<8 of volume>-<8 of run>-<8 random>".
std::string batch_name(const std::string& volume, const std::string& run);
// Whether a job's name is of this volume.
bool is_name_of(const std::string& name, const std::string& volume);
// What its comment says, in full: "studyctl.io/volume=…,studyctl.io/run=…"; and back: the run, empty when it
// is of another volume.
std::string comment_of(const std::string& volume, const std::string& run);
std::string run_in(const std::string& comment, const std::string& volume);

struct Submission {
  std::string name, comment;
  size_t tasks = 0;
  std::vector<std::string> options;
};
// sbatch and its words, without the script, which comes by standard input.
std::vector<std::string> sbatch_words(const Submission& submission);

// What a failed sbatch means.
enum class Refused : unsigned char {
  ForGood,  // it says why
  ForNow,   // a limit of jobs is reached: fewer may do, or later
  Unknown,  // nobody answered: it may have come to pass
};
Refused refusal_of(const std::string& error);
// The limit that one ForNow names ("AssocMaxSubmitJobLimit"), or its error.
std::string limit_in(const std::string& error);

// A job that is not run, as all of a study will be: what asks Slurm whether it would take it. `length`: of
// the longest attempt with its grace; 0: not known.
std::vector<std::string> trial_words(const SlurmOptions& options, Duration length);
// Why Slurm will never take such a job, with the field to be changed; nothing where it would, or may later.
std::optional<std::string> trial_refusal(const SlurmOptions& options, const std::string& error);

}  // namespace studyctl
