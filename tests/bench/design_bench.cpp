#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>

#include "base/temporary_directory.h"
#include "plan/comparison.h"
#include "plan/experiment.h"
#include "plan/plan.h"
#include "plan/study_builder.h"
#include "store/sqlite_journal.h"

// What a design of a million experiments costs: expanding, hashing and recording an end of each, and
// comparing two. usage: design_bench [record|compare]      both, each in a process of its own, when nothing
// is said
namespace studyctl {
namespace {

constexpr const char* kRun = "0f8fad5b-d9cb-469f-a165-70867728950e";

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

bool within(const char* what, double value, double bound, const char* unit) {
  const bool holds = value <= bound;
  std::printf("%-52s %10.3f %-6s (at most %g) %s\n", what, value, unit, bound, holds ? "ok" : "MISSED");
  return holds;
}

// 10^6 points; `first` begins the values of an axis.
Study million(int first) {
  Study study;
  for (int i = 0; i < 6; ++i) {
    std::vector<std::string> values;
    for (int value = 0; value < 10; ++value) values.push_back(std::to_string(value + (i == 5 ? first : 0)));
    study.sweep.push_back(axis("p" + std::to_string(i), values));
  }
  study.pod.main.image = "acme/bench:1";
  study.pod.main.command = {"bench", "--a", "${params.p0}", "--b", "${params.p5}", "--seed", "${run.seed}"};
  return study;
}

bool recording() {
  TemporaryDirectory directory;
  const auto begin = std::chrono::steady_clock::now();
  const Study study = million(0);
  const Result<Plan> plan = Plan::make(study);
  const Inputs inputs;
  const Identifier identifier(study, inputs);
  const DescribeExperiment describe = [&](const RepetitionKey& key) {
    const Point point = plan->at(key.index);
    const ExperimentIdentity who = identifier.of(point);
    return ExperimentFacts{who.id, who.identity, canonical_parameters(point), 1};
  };
  const Instant now = SystemClock().now();
  const RunRecord run{kRun, "bench", "bench/1", "hash", "{}", now, "docker", "unix:///d"};
  Result<SqliteJournal> journal = SqliteJournal::create(directory.path() / "studies.db", run, describe);
  if (!journal) return false;
  uint64_t seq = 0;
  journal->append({++seq, now, {}, GenerationOpened{1, plan->size(), 1}});
  for (uint64_t index = 0; index < plan->size(); ++index) {
    RepetitionCached done;
    done.key = {{1, index, 1}, 1};
    done.run = "bench/0";
    done.started_at = now;
    journal->append({++seq, now, {}, std::move(done)});
    if (index % 10'000 == 9'999)
      if (const auto committed = journal->commit(); !committed) return false;
  }
  if (const auto committed = journal->commit(); !committed) return false;
  bool good = within("expand, hash and record 1,000,000", seconds_since(begin), 4, "s");
  good &= within("peak memory", peak_megabytes(), 150, "MB");
  return good;
}

bool comparing() {
  const Study before = million(0), after = million(5);
  const Inputs inputs;
  const auto begin = std::chrono::steady_clock::now();
  const Result<Plan> was = Plan::make(before), is = Plan::make(after);
  const Identifier left(before, inputs), right(after, inputs);
  const PlanDifference difference = compare({*was, left}, {*is, right});
  bool good = within("difference of two designs of 1,000,000", seconds_since(begin), 4, "s");
  good &= within("peak memory", peak_megabytes(), 300, "MB");
  return good && difference.count(Change::Same) == 500'000 && difference.count(Change::Dropped) == 500'000;
}

}  // namespace
}  // namespace studyctl

int main(int count, char** words) {
  const std::string what = count > 1 ? words[1] : "";
  if (what == "record") return studyctl::recording() ? 0 : 1;
  if (what == "compare") return studyctl::comparing() ? 0 : 1;
  const std::string self = words[0];
  const int recorded = std::system((self + " record").c_str());
  const int compared = std::system((self + " compare").c_str());
  return recorded == 0 && compared == 0 ? 0 : 1;
}
