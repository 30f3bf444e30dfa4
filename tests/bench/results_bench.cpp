#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "base/temporary_directory.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "store/run_directory.h"
#include "store/run_events.h"
#include "store/run_manifest.h"
#include "store/sqlite_journal.h"

// `studyctl results --by model,backend,batch` over 1,000,000 repetitions × 5 metrics: 1,000 groups of 100
// experiments, 10 cycles, so that means, medians and the baseline's ratios all have their intervals. At most
// 3 s. `results_bench [DIRECTORY]`: the volume is made there once, and read again the next time.
namespace studyctl {
namespace {

constexpr uint64_t kExperiments = 100'000;
constexpr uint32_t kCycles = 10;
constexpr uint64_t kLevels[] = {10, 10, 10, 100};
constexpr double kMostSeconds = 3;

const char* const kManifest = R"(
apiVersion: studyctl.io/v1alpha1
kind: Study
metadata: {name: bench}
spec:
  sweep:
    model: {from: 0, to: 9, step: 1}
    backend: {from: 0, to: 9, step: 1}
    batch: {from: 0, to: 9, step: 1}
    seed: {from: 0, to: 99, step: 1}
  template: {spec: {containers: [{name: main, image: "acme/bench:1", command: [bench, "${params.model}", "${params.seed}"]}]}}
  results:
    metrics:
      - {name: latency, from: {stdout: true, regex: '(.)'}, unit: ms, goal: minimize}
      - {name: rate, from: {stdout: true, regex: '(.)'}, unit: 1/s, goal: maximize}
      - {name: energy, from: {stdout: true, regex: '(.)'}, unit: J}
      - {name: memory, from: {stdout: true, regex: '(.)'}, unit: MiB}
      - {name: loss, from: {stdout: true, regex: '(.)'}}
  execution: {cycles: 10, order: Interleaved, limit: 1000000}
)";

ExperimentFacts facts(const RepetitionKey& key) {
  uint64_t rest = key.index, at[4];
  for (size_t axis = 4; axis-- > 0; rest /= kLevels[axis]) at[axis] = rest % kLevels[axis];
  const auto text = [&](size_t axis) { return std::to_string(at[axis]); };
  ExperimentFacts facts = facts_of(key);
  facts.parameters = R"({"backend":)" + text(1) + R"(,"batch":)" + text(2) + R"(,"model":)" + text(0) +
                     R"(,"seed":)" + text(3) + "}";
  return facts;
}

[[noreturn]] void give_up(const Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  std::exit(2);
}

void record(const std::filesystem::path& root) {
  auto volume = ResultsVolume::open(root);
  auto directory = RunDirectory::create(root, "bench", kStart);
  if (!volume || !directory) std::exit(2);
  RunManifest manifest;
  manifest.run_id = kRunId;
  manifest.study = "bench";
  manifest.manifest = kManifest;
  if (!write_run_manifest(directory->path(), manifest)) std::exit(2);
  const RunRecord run{kRunId, "bench", directory->name_in_volume(), "hash", to_json(manifest), kStart,
                      "",     ""};
  auto journal = SqliteJournal::create(volume->database(), run, facts);
  if (!journal) give_up(journal.error());
  std::mt19937_64 random(1);
  std::normal_distribution<double> noise(1, 0.05);
  uint64_t seq = 1;
  journal->append({seq, kStart, {}, GenerationOpened{1, kExperiments, kCycles}});
  for (uint32_t cycle = 1; cycle <= kCycles; ++cycle) {
    for (uint64_t index = 0; index < kExperiments; ++index) {
      RunEvents story;
      const double level = 1 + static_cast<double>(index / 100);
      story.succeed(attempt_of(index, cycle), {{"latency", level * noise(random), "ms"},
                                               {"rate", 1000 / level * noise(random), "1/s"},
                                               {"energy", 3 * level * noise(random), "J"},
                                               {"memory", 4096 * noise(random), "MiB"},
                                               {"loss", noise(random), ""}});
      for (Event& event : story.all) {
        event.seq = ++seq;
        event.at = kStart + std::chrono::milliseconds(seq);
        journal->append(event);
      }
      if (index % 1000 != 999) continue;
      if (auto done = journal->commit(); !done) give_up(done.error());
    }
  }
}

double seconds_of(const std::filesystem::path& root, std::vector<std::string> words) {
  CLI::App app;
  Context context;
  context.results = root.string();
  add_commands(app, context);
  std::reverse(words.begin(), words.end());
  const auto begin = std::chrono::steady_clock::now();
  app.parse(words);
  if (context.run() != 0) std::exit(2);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

int run(const std::filesystem::path& root) {
  if (!std::filesystem::exists(root / "studies.db")) record(root);
  if (std::freopen("/dev/null", "w", stdout) == nullptr) return 2;
  bool missed = false;
  const auto measure = [&](const char* what, const std::vector<std::string>& words) {
    const double seconds = seconds_of(root, words);
    missed |= seconds > kMostSeconds;
    std::fprintf(stderr, "%-40s %8.2f s (at most %.0f)%s\n", what, seconds, kMostSeconds,
                 seconds > kMostSeconds ? "  MISSED" : "");
  };
  measure("grouped by 3 parameters, with intervals", {"results", "bench", "--by", "model,backend,batch"});
  measure("the same, with a baseline",
          {"results", "bench", "--by", "model,backend,batch", "--baseline", "backend=0"});
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::fprintf(stderr, "%-40s %8.0f MB\n", "memory at most", static_cast<double>(usage.ru_maxrss) / 1024);
  return missed ? 1 : 0;
}

}  // namespace
}  // namespace studyctl

int main(int count, char** arguments) {
  if (count > 1) return studyctl::run(arguments[1]);
  const studyctl::TemporaryDirectory directory;
  return studyctl::run(directory.path() / "results");
}
