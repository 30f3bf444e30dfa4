#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/study.h"
#include "plan/plan.h"

namespace studyctl {

// Who an experiment is. See rule 6 of the manifest's rules in executor/README.md: `identity` is the SHA-256
// of the canonical JSON of its parameters and of what it executes.
struct ExperimentIdentity {
  std::string identity;  // 64 hex digits
  std::string id;        // what people see: a slug of the parameters (≤ 40) and 16 hex digits:
                         // "water-b3lyp-3fa9c1d2e4b50617"
};

// The files that a manifest names, by the path as written after substitution; read once at apply.
using Inputs = std::map<std::string, std::string>;  // path → SHA-256 of the content

// Makes identities of one study's points. Keeps what all points share, so that a million cost seconds. The
// study must outlive it.
class Identifier {
 public:
  Identifier(const Study& study, const Inputs& inputs);
  ExperimentIdentity of(const Point& point) const;

 private:
  const Study* study_;
  const Inputs* inputs_;
};

// The first 31 bits of SHA-256(seed, canonical parameters, cycle): adding a value to an axis shifts no
// other's.
uint32_t repetition_seed(uint64_t study_seed, const Point& point, uint32_t cycle);

// {"molecule": "water", "charge": 0}: keys sorted, literal text of numbers kept, no spaces.
std::string canonical_parameters(const Point& point);

// What ${…} may stand for in one attempt.
struct SubstitutionScope {
  const Point* point = nullptr;
  std::map<std::string, std::string> run;         // id cycle index attempt seed
  std::map<std::string, std::string> experiment;  // id
  std::map<std::string, std::string> resources;   // cpu memory gpus
};

// `text` with every ${params.…}, ${run.…}, ${experiment.…}, ${resources.…} put in; ${HOME} passes through,
// $${ gives ${. What was put in is never read again. An unknown name is Invalid and names it.
Result<std::string> substitute(std::string_view text, const SubstitutionScope& scope);

// The dotted names that `text` uses, for checks before anything runs: "params.model", "run.seed".
// Invalid: an unclosed ${params.
Result<std::vector<std::string>> names_used(std::string_view text);

}  // namespace studyctl
