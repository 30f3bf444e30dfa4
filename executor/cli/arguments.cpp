#include "cli/arguments.h"

#include "base/text.h"

namespace studyctl {

void add_study(CLI::App& command, std::string& study) {
  command.add_option(
      "STUDY", study,
      "A study (its newest run), STUDY/RUN or a run's id; may be left out where there is only one");
}

void add_experiment(CLI::App& command, std::string& experiment) {
  command.add_option("EXPERIMENT", experiment, "An experiment's id, or its beginning");
}

void add_selection(CLI::App& command, Selection& selection) {
  const char* group = "Which repetitions";
  add_experiment(command, selection.experiment);
  command
      .add_option("-l,--selector", selection.selector,
                  "By parameters: molecule=water,charge!=0 or 'backend in (a, b)'")
      ->type_name("SELECTOR")
      ->group(group);
  command.add_option("--state", selection.states, "By state: Failed,Running …")
      ->type_name("STATE")
      ->delimiter(',')
      ->group(group);
  command.add_option("--min-fails", selection.min_fails, "That have failed so many times or more")
      ->type_name("N")
      ->group(group);
  command.add_option("--reason", selection.reasons, "By why the last attempt ended: Timeout,OOMKilled …")
      ->type_name("REASON")
      ->delimiter(',')
      ->group(group);
}

}  // namespace studyctl
