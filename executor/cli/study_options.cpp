#include "cli/study_options.h"

#include <cstdio>
#include <iostream>
#include <iterator>

#include "http/apply_api.h"
#include "http/command_api.h"

namespace studyctl {

void add_study_options(CLI::App& command, StudyArguments& arguments) {
  command
      .add_option("FILE,-f,--filename", arguments.file,
                  "The manifest, - for standard input, or a directory with one in it")
      ->type_name("FILE")
      ->required();
  const char* group = "Instead of what the manifest says";
  command.add_option("--cycles", arguments.cycles, "spec.execution.cycles")->type_name("N")->group(group);
  command
      .add_option(
          "--pilot", arguments.pilot,
          "spec.execution.pilot: so many first, or what matches (molecule=water,methane); then a pause")
      ->type_name("N|SELECTOR")
      ->group(group);
  command.add_option("--order", arguments.order, "spec.execution.order")->type_name("ORDER")->group(group);
  command.add_option("--parallelism", arguments.parallelism, "spec.execution.parallelism")
      ->type_name("N")
      ->group(group);
  command.add_option("--run-timeout", arguments.run_timeout, "spec.execution.timeouts.run")
      ->type_name("DURATION")
      ->group(group);
  command
      .add_option("--engine", arguments.engine,
                  "auto, docker, podman, process, kubernetes, slurm, or unix:///run/podman/podman.sock")
      ->type_name("ENGINE")
      ->group(group);
  command.add_flag("--no-cooldown", arguments.no_cooldown, "No spec.execution.cooldown")->group(group);
  command.add_option("--set", arguments.set, "execution.PATH=VALUE, any number of times")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false)
      ->group(group);
  command.add_option("--param", arguments.parameters, "NAME=VALUE[,VALUE]: the values of a sweep axis")
      ->type_name("NAME=VALUES")
      ->allow_extra_args(false)
      ->group(group);
  command
      .add_option("--config-dir", arguments.config_directories,
                  "A directory with a directory per ConfigMap, a file per key")
      ->type_name("DIR")
      ->allow_extra_args(false);
}

Result<std::unique_ptr<LoadedStudy>> load_named_study(const StudyArguments& arguments) {
  if (!on_behalf()) return load_study(arguments);
  auto study = read_whole_study(std::string(std::istreambuf_iterator<char>(std::cin), {}));
  if (study) (*study)->warnings.clear();  // they were said where the manifest lies
  return study;
}

void print_warnings(const LoadedStudy& study) {
  for (const std::string& warning : study.warnings) std::fprintf(stderr, "warning: %s\n", warning.c_str());
}

std::vector<std::string> flags_of(const StudyArguments& arguments) {
  std::vector<std::string> flags;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) flags.push_back(std::string(name) + "=" + value);
  };
  add("--cycles", arguments.cycles);
  add("--order", arguments.order);
  add("--pilot", arguments.pilot);
  add("--parallelism", arguments.parallelism);
  add("--run-timeout", arguments.run_timeout);
  add("--engine", arguments.engine);
  if (arguments.no_cooldown) flags.emplace_back("--no-cooldown");
  for (const std::string& set : arguments.set) add("--set", set);
  for (const std::string& parameter : arguments.parameters) add("--param", parameter);
  return flags;
}

}  // namespace studyctl
