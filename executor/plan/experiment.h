#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/study.h"
#include "plan/plan.h"
#include "plan/substitution.h"

namespace studyctl {

// Who an experiment is. `identity` is the SHA-256 of the canonical JSON of its parameters and of what it
// executes (rule 6 of the manifest): image as written, command, args, env without secret values, working
// directory, mounts, cpu and device limits of every container, files, volumes; ${params.…} put in, the other
// references as written.
struct ExperimentIdentity {
  std::string identity;  // 64 hex digits
  std::string id;        // what people see: a slug of the parameters (≤ 40) and 16 hex digits:
                         // "water-b3lyp-3fa9c1d2e4b50617"
};

// The files that a manifest names, by the path as written after substitution; read once at apply.
using Inputs = std::map<std::string, std::string>;  // path → SHA-256 of the content

// Makes identities of one study's points. Keeps what all points share, so that a million cost seconds. The
// study may go, the inputs must outlive it. One thread. A file that is not among the inputs counts by its
// path.
class Identifier {
 public:
  Identifier(const Study& study, const Inputs& inputs);
  ExperimentIdentity of(const Point& point) const;
  // The first 64 bits of the identity, which the id ends in.
  uint64_t fingerprint(const Point& point) const;

  // What `identity` is the SHA-256 of.
  std::string canonical_json(const Point& point) const;

 private:
  const TextTemplate& executed(const Point& point) const;

  Study study_;  // what it executes, and the overrides
  // Canonical JSON of what is executed, references as written, by the overrides that match.
  mutable std::map<std::vector<size_t>, TextTemplate> executed_;
  std::vector<TextTemplate> input_paths_;
  const Inputs* inputs_;
};

// What a study executes as canonical JSON, references as written: the part of an identity that is the same
// for all points. A file that comes from a file is there as its place among those, by path.
std::string executed_json(const Study& study, const PodTemplate& pod);
std::vector<const StudyFile*> files_by_path(const std::vector<StudyFile>& files);

// "water-b3lyp-0-5": the values in written order, in characters that names may have; 40 at most.
std::string slug_of(const Point& point);

// The first 31 bits of SHA-256("<seed>\n<canonical parameters>\n<cycle>"): adding a value to an axis shifts
// no other's.
uint32_t repetition_seed(uint64_t study_seed, const Point& point, uint32_t cycle);

// {"charge":0,"molecule":"water"}: keys sorted, literal text of numbers kept, no spaces.
std::string canonical_parameters(const Point& point);

// What ${…} may stand for in one attempt.
struct SubstitutionScope {
  const Point* point = nullptr;
  std::map<std::string, std::string> run;         // id cycle index attempt seed
  std::map<std::string, std::string> experiment;  // id
  std::map<std::string, std::string> resources;   // cpu memory gpus
  // What Kubernetes' $(NAME) may stand for, in texts where it has a meaning. Null: none, and $$ stays.
  const std::map<std::string, std::string>* variables = nullptr;
  std::map<std::string, std::string> source = {};  // row, of an experiment that comes from a CSV file
};

// `text` with every ${params.…}, ${run.…}, ${experiment.…}, ${resources.…} put in; ${HOME} passes through,
// $${ gives ${. With variables, $(NAME) is put in as Kubernetes does: one that there is not stays, $$ is $.
// What was put in is never read again. An unknown name is Invalid and names it.
Result<std::string> substitute(std::string_view text, const SubstitutionScope& scope);

// The dotted names that `text` uses, for checks before anything runs: "params.model", "run.seed".
// Invalid: an unclosed ${params.
Result<std::vector<std::string>> names_used(std::string_view text);

}  // namespace studyctl
