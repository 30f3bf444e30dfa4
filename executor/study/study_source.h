#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/experiments.h"
#include "manifest/manifest.h"
#include "plan/experiment.h"
#include "plan/plan.h"

namespace studyctl {

// A study that was read and found sound, with its plan and the files that it names. Never moves: the plan
// points into it.
struct LoadedStudy {
  Manifest manifest;
  std::unique_ptr<Plan> plan;
  Inputs inputs;                                // path as written → SHA-256
  std::map<std::string, std::string> contents;  // SHA-256 → content
  std::string design_hash;
  std::vector<std::string> warnings;

  const Study& study() const { return manifest.study; }
  Experiments::Design design() const { return {study(), *plan, inputs}; }
  uint64_t repetitions() const { return plan->size() * manifest.study.execution.cycles; }
};

// What a user typed: a file, "-" or a directory with one manifest in it; and the flags that win over it.
struct StudyArguments {
  std::string file;
  std::vector<std::string> set;         // execution.PATH=VALUE
  std::vector<std::string> parameters;  // NAME=VALUE[,VALUE]
  std::string pilot, cycles, order, parallelism, run_timeout, engine;
  bool no_cooldown = false;
  std::vector<std::string> config_directories;  // a directory per ConfigMap, a file per key
};

// Reads and checks all of it, without an engine. Invalid: every problem, a line each.
Result<std::unique_ptr<LoadedStudy>> load_study(const StudyArguments& arguments);

// A manifest that somebody sent.
struct SentManifest {
  std::string text;
  std::string name;         // for people
  bool is_applied = false;  // it was read before: flags are put in, Secrets are cut
  std::vector<SecretDocument> secrets{};
  Overrides::ReadInput read_input{};
  Overrides::FindConfig find_config{};  // may be empty
};
Result<std::unique_ptr<LoadedStudy>> load_sent(const SentManifest& sent);

// Reads what a run keeps in its directory, for Overrides. What it is given must outlive it.
Overrides::ReadInput kept_in(const std::filesystem::path& directory, const Inputs& inputs);

// The same for a run that is there: its manifest as applied, and its inputs, which are kept in `directory`.
Result<std::unique_ptr<LoadedStudy>> load_applied(const std::string& manifest, const Inputs& inputs,
                                                  const std::filesystem::path& directory,
                                                  Overrides overrides = {});

}  // namespace studyctl
