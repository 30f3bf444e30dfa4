#include "manifest/study_reader.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "manifest/execution_reader.h"
#include "manifest/files_reader.h"
#include "manifest/labels_reader.h"
#include "manifest/pod_reader.h"
#include "manifest/results_reader.h"
#include "manifest/sweep_reader.h"

namespace studyctl {
namespace {

constexpr size_t kLongestName = 40;

constexpr std::array<Field, 5> kDocumentFields = {
    {{"apiVersion"}, {"kind"}, {"metadata"}, {"spec"}, {"status", "is not for manifests; remove it"}}};
constexpr std::array<Field, 4> kMetadataFields = {
    {{"name"},
     {"labels"},
     {"annotations"},
     {"namespace", "is not supported yet by this version (engine kubernetes); remove it"}}};
constexpr std::array<Field, 13> kSpecFields = {
    {{"sweep"},
     {"exclude"},
     {"experiments"},
     {"template"},
     {"files"},
     {"results"},
     {"execution"},
     {"parameters", "is not supported yet by this version (types of parameters)"},
     {"experimentsFrom",
      "is not supported yet by this version (experiments from CSV files); list them under experiments"},
     {"overrides", "is not supported yet by this version (overrides)"},
     {"checkpoint", "is not supported yet by this version (checkpoints)"},
     {"notifications", "is not supported yet by this version (notifications)"},
     {"retention", "is not supported yet by this version (retention)"}}};

void read_metadata(Reading& reading, const Fields& document, Study& study) {
  const auto item = document.require("metadata", "write metadata: {name: NAME}");
  if (!item) return;
  const Fields metadata(reading.problems, *item, kMetadataFields);
  const auto name = metadata.require("name", "it names runs and containers");
  if (const auto text = name ? read_text(reading.problems, *name) : std::nullopt) {
    study.name = *text;
    if (!is_label(study.name, kLongestName)) {
      metadata.problem("name", "'" + shortened(study.name) +
                                   "' is no RFC 1123 label; use a-z, 0-9 and -, a letter or digit at both "
                                   "ends, 40 characters at most");
    }
  }
  if (const auto labels = metadata.find("labels")) study.labels = read_labels(reading, *labels);
  const auto annotations = metadata.find("annotations");
  if (!annotations) return;
  for (const Node::Entry& entry : annotations->node->entries) {
    read_raw_text(reading.problems, {entry.value, annotations->path + "." + entry.key});
  }
}

void read_spec(Reading& reading, const Fields& spec, Study& study) {
  if (const auto sweep = spec.find("sweep")) read_sweep(reading, *sweep, study);
  if (const auto exclude = spec.find("exclude")) read_exclude(reading, *exclude, study);
  if (const auto points = spec.find("experiments")) read_experiments(reading, *points, study);
  if (const auto pod = spec.require("template", "it says what to run")) read_pod(reading, *pod, study);
  if (const auto files = spec.find("files")) read_files(reading, *files, study);
  if (const auto results = spec.find("results")) study.results = read_results(reading, *results);
  if (const auto execution = spec.find("execution")) read_execution(reading, *execution, study.execution);
}

// Every use of a parameter is of one that there is, and every point has the same ones: those of the sweep.
void check_parameters(Reading& reading, const Study& study) {
  std::set<std::string> all;
  for (const auto& [variable, parameter] : reading.variables) all.insert(parameter.first);
  const std::set<std::string>& known = reading.swept.empty() ? all : reading.swept;
  const std::vector<std::string> names(known.begin(), known.end());
  for (const Mention& use : reading.uses) {
    if (known.contains(use.text) || reading.problems.full()) continue;
    reading.problems.add(use.place, use.path,
                         unknown_name("parameter '" + shortened(use.text) + "'", use.text, names));
  }
  for (size_t i = 0; i < study.experiments.size() && !reading.problems.full(); ++i) {
    const std::string path = "spec.experiments[" + std::to_string(i) + "]";
    std::set<std::string> missing = known;
    for (const auto& [name, value] : study.experiments[i].parameters) {
      missing.erase(name);
      if (known.contains(name)) continue;
      const auto near = nearest(name, names);
      reading.problems.add(reading.experiments[i], path + "." + name,
                           "no axis of spec.sweep has this parameter" +
                               (near ? ", did you mean '" + *near + "'?" : "; add one, or remove it"));
    }
    if (missing.empty()) continue;
    reading.problems.add(reading.experiments[i], path,
                         "lacks '" + join(std::vector<std::string>(missing.begin(), missing.end()), "', '") +
                             "'; give it every parameter that the others have");
  }
}

// What studyctl mounts itself is not mounted over.
void check_mounts(Reading& reading, const Study& study) {
  for (const Mention& mount : reading.mounts) {
    if (mount.text == "/") {
      reading.problems.add(mount.place, mount.path, "must be a directory below /");
    } else if (mount.text == study.results.path || mount.text == "/study") {
      reading.problems.add(mount.place, mount.path,
                           shortened(mount.text) + " is mounted by studyctl; use another directory");
    }
  }
}

}  // namespace

Study read_study(Problems& problems, const Node& document, std::vector<ConfigMapDocument>& configs,
                 const Overrides::FindConfig& find_config) {
  Study study;
  Reading reading{problems, configs, find_config, {}, {}, {}, {}, {}};
  const Fields fields(problems, {&document, ""}, kDocumentFields);
  read_metadata(reading, fields, study);
  const auto item = fields.require("spec", "it says what is studied");
  if (!item) return study;
  const Fields spec(problems, *item, kSpecFields);
  if (!spec.is_map()) return study;
  read_spec(reading, spec, study);
  check_points(reading, *item, study);
  check_parameters(reading, study);
  check_mounts(reading, study);
  if (!study.execution.timeouts.run) {
    problems.warn(item->node->place, "spec.execution.timeouts.run",
                  "is not set; an attempt that hangs runs for ever");
  }
  return study;
}

}  // namespace studyctl
