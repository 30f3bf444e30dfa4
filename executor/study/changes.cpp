#include "study/changes.h"

#include "base/text.h"

namespace studyctl {
namespace {

// What is compared with spec.execution and is beside it in the manifest.
bool is_beside_execution(std::string_view field) {
  return field.starts_with("notifications") || field.starts_with("overrides") ||
         field.starts_with("retention");
}

// The part of a study's design that its metric rules are.
std::string metric_rules(const Study& study) {
  Manifest rules;
  rules.study.results.metrics = study.results.metrics;
  return design_json(rules);
}

}  // namespace

bool same_metric_rules(const Study& a, const Study& b) {
  return metric_rules(a) == metric_rules(b);
}

Result<StudyChanges> changes_of(const RunManifest& before, const std::filesystem::path& directory,
                                const LoadedStudy& after, const VisitChange& visit) {
  StudyChanges changes;
  auto loaded = load_applied(before.manifest, before.inputs, directory);
  if (!loaded) return std::move(loaded).error();
  changes.before = *std::move(loaded);
  const LoadedStudy& was = *changes.before;
  const Identifier left(was.study(), was.inputs), right(after.study(), after.inputs);
  changes.experiments = compare({*was.plan, left}, {*after.plan, right}, visit);
  changes.execution = differing_values(execution_json(was.manifest), execution_json(after.manifest));
  changes.metrics = !same_metric_rules(was.study(), after.study());
  changes.others = changes.experiments.none() && !changes.metrics && was.design_hash != after.design_hash;
  changes.repeats = was.study().execution.repeat_until != after.study().execution.repeat_until;
  changes.seed = was.study().execution.seed != after.study().execution.seed;
  return changes;
}

std::vector<std::string> change_lines(const StudyChanges& changes) {
  std::vector<std::string> lines;
  constexpr const char* kWords[kChanges] = {"new", "same", "changed", "dropped"};
  std::string counts;
  for (const Change change : {Change::Added, Change::Same, Change::Changed, Change::Dropped})
    if (const uint64_t count = changes.experiments.count(change); count > 0)
      counts += (counts.empty() ? "" : "  ") + std::string(1, sign_of(change)) + " " + std::to_string(count) +
                " " + kWords[static_cast<size_t>(change)];
  if (!changes.experiments.none()) lines.push_back("experiments: " + counts);
  for (const std::string& value : changes.execution)
    lines.push_back((is_beside_execution(value) ? "" : "execution.") + value);
  if (changes.metrics) lines.emplace_back("results.metrics: other rules");
  if (changes.others) lines.emplace_back("labels or result rules: others, of which no experiment is another");
  return lines;
}

}  // namespace studyctl
