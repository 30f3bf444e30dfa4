#include "service/extract_results.h"

#include <unistd.h>

#include "base/text.h"
#include "control/experiments.h"
#include "manifest/document.h"
#include "manifest/written.h"
#include "store/attempt_record.h"
#include "store/harvest/extract.h"
#include "store/process_identity.h"
#include "store/publisher.h"
#include "store/run_manifest.h"
#include "store/sqlite_journal.h"
#include "study/applied_manifest.h"
#include "study/study_source.h"

namespace studyctl {
namespace {

constexpr size_t kMostWarnings = 100;

Written* entry(Written& written, const std::string& key) {
  auto* map = std::get_if<Written::Map>(&written.data);
  if (map == nullptr) return nullptr;
  for (auto& [name, value] : *map)
    if (name == key) return &value;
  return &map->emplace_back(key, Written{Written::Map{}}).second;
}

Written* metrics_of(Written& study) {
  Written* spec = entry(study, "spec");
  Written* results = spec ? entry(*spec, "results") : nullptr;
  return results ? entry(*results, "metrics") : nullptr;
}

std::vector<Written> documents_of(const std::string& applied) {
  Source source("study_manifest.json", applied);
  Problems problems(source);
  std::vector<Written> all;
  for (const Node* root : read_documents(applied, problems).roots) all.push_back(written_node(*root));
  return all;
}

// The study with the rules that are to be used, and its manifest as the run is to remember it.
struct Rules {
  std::unique_ptr<LoadedStudy> study;
  RunManifest manifest;
  bool changed = false;
};

Result<Rules> rules_of(const ChosenRun& chosen, const std::string& file) {
  auto manifest = applied_manifest(chosen);
  if (!manifest) return std::move(manifest).error();
  Rules rules{nullptr, *std::move(manifest), !file.empty()};
  if (rules.changed) {
    StudyArguments arguments;
    arguments.file = file;
    auto changed = load_study(arguments);
    if (!changed) return std::move(changed).error();
    if ((*changed)->study().name != rules.manifest.study)
      return Error{ErrorCode::Invalid,
                   file + ": is of study " + (*changed)->study().name + ", not of " + rules.manifest.study};
    rules.manifest.manifest = with_metrics_of(rules.manifest.manifest, (*changed)->manifest.applied_json);
  }
  auto study = load_applied(rules.manifest.manifest, rules.manifest.inputs, chosen.directory.path());
  if (!study) return std::move(study).error();
  rules.study = *std::move(study);
  if (rules.changed) rules.manifest.design_hash = rules.study->design_hash;
  return rules;
}

class Extraction {
 public:
  Extraction(SqliteJournal& journal, const RunDirectory& directory, const std::vector<Metric>& metrics)
      : journal_(journal), directory_(directory), metrics_(metrics) {}

  Result<ExtractReport> run() {
    RepetitionFilter filter;
    filter.states = {RepetitionState::Succeeded, RepetitionState::Cached};
    Result<void> done;
    const auto catalog = Catalog::open(journal_.database());
    if (!catalog) return catalog.error();
    auto read = catalog->repetitions(journal_.run().id, filter, [&](const RepetitionSummary& repetition) {
      done = extract(repetition);
      return static_cast<bool>(done);
    });
    if (!read) return std::move(read).error();
    if (!done) return std::move(done).error();
    return std::move(report_);
  }

 private:
  Result<void> extract(const RepetitionSummary& repetition) {
    const AttemptPlace place{repetition.experiment, repetition.key.cycle, repetition.attempt};
    const auto path = locate(place, repetition.source);
    auto readings = path ? extract_metrics(*path, metrics_) : Result<MetricReadings>(path.error());
    if (!readings) {
      // Its files are gone: what was read of them before stays.
      warn(place, readings.error().message);
      return {};
    }
    for (const std::string& warning : readings->warnings) warn(place, warning);
    ++report_.attempts;
    report_.values += readings->metrics.size();
    // The file first: the database is made again from it. That of another run is not ours to change.
    if (auto record = read_attempt(*path); record && repetition.source.empty()) {
      record->metrics = readings->metrics;
      record->warnings = readings->warnings;
      if (auto written = write_attempt(*path, *record); !written) return written;
    }
    return journal_.replace_metrics({repetition.key, repetition.attempt}, readings->metrics);
  }

  Result<std::filesystem::path> locate(const AttemptPlace& place, const std::string& source) const {
    if (source.empty()) return directory_.locate(place);
    return locate_in_run(directory_.path().parent_path().parent_path(), source, place);
  }

  void warn(const AttemptPlace& place, const std::string& message) {
    if (report_.warnings.size() < kMostWarnings)
      report_.warnings.push_back(place.experiment + " cycle " + std::to_string(place.cycle) + ": " + message);
  }

  SqliteJournal& journal_;
  const RunDirectory& directory_;
  const std::vector<Metric>& metrics_;
  ExtractReport report_;
};

// results.jsonl and results.csv once more, from what the database holds now.
Result<void> publish(const ChosenRun& chosen, SqliteJournal& journal, const DescribeExperiment& describe) {
  const auto& directory = chosen.directory.path();
  if (auto made = journal.remake_results(directory / "results.jsonl"); !made) return made;
  auto checkpoints = journal.checkpoints();
  if (!checkpoints) return std::move(checkpoints).error();
  auto publisher = Publisher::open(directory, *checkpoints, describe);
  if (!publisher) return std::move(publisher).error();
  auto replayed = journal.replay([&](const Event& event) { publisher->publish(event); });
  return replayed ? publisher->flush() : replayed;
}

}  // namespace

std::string with_metrics_of(const std::string& applied, const std::string& other) {
  std::vector<Written> documents = documents_of(applied), others = documents_of(other);
  const auto is_study = [](Written& written) { return metrics_of(written) != nullptr; };
  if (documents.empty() || others.empty() || !is_study(documents.front()) || !is_study(others.front()))
    return applied;
  *metrics_of(documents.front()) = *metrics_of(others.front());
  std::vector<std::string> texts;
  texts.reserve(documents.size());
  for (const Written& document : documents) texts.push_back(json_of(document, Keys::AsWritten));
  return join(texts, "\n---\n");
}

Result<ExtractReport> extract_again(SqliteJournal& journal, const RunDirectory& directory,
                                    const std::vector<Metric>& metrics) {
  return Extraction(journal, directory, metrics).run();
}

Result<ExtractReport> extract_results(const ChosenRun& chosen, const std::string& file) {
  auto rules = rules_of(chosen, file);
  if (!rules) return std::move(rules).error();
  const auto lock = chosen.volume.lock(this_holder("results --extract"));
  if (!lock) return lock.error();

  const LoadedStudy& study = *rules->study;
  Experiments experiments(study.design());
  const DescribeExperiment describe = [&](const RepetitionKey& key) { return experiments.facts(key); };
  auto journal = SqliteJournal::open(chosen.volume.database(), chosen.run.record.id, describe);
  if (!journal) return std::move(journal).error();
  auto report = extract_again(*journal, chosen.directory, study.study().results.metrics);
  if (!report) return report;
  if (rules->changed) {
    if (auto written = write_run_manifest(chosen.directory.path(), rules->manifest); !written)
      return std::move(written).error();
    if (auto replaced = journal->replace_manifest(to_json(rules->manifest), rules->manifest.design_hash);
        !replaced)
      return std::move(replaced).error();
  }
  if (auto published = publish(chosen, *journal, describe); !published) return std::move(published).error();
  return report;
}

}  // namespace studyctl
