#include <cstdio>
#include <cstdlib>

#include "control/experiments.h"
#include "store/sqlite_journal.h"
#include "study/applied_manifest.h"
#include "study/run_choice.h"

// For http_bench.sh: records that the last 1,000,000 repetitions of the newest run have succeeded, as its
// controller would have. usage: http_bench RESULTS        while no controller is on
namespace studyctl {
namespace {

constexpr uint64_t kRecorded = 1'000'000;
constexpr uint64_t kBatch = 10'000;

Result<void> record(const std::filesystem::path& results) {
  const auto chosen = choose_run(ResultsVolume::find(results), "");
  if (!chosen) return chosen.error();
  const auto study = load_run(*chosen);
  if (!study) return study.error();
  Experiments experiments({(*study)->study(), *(*study)->plan, (*study)->inputs});
  auto journal = SqliteJournal::open(chosen->volume.database(), chosen->run.record.id,
                                     [&](const RepetitionKey& key) { return experiments.facts(key); });
  if (!journal) return std::move(journal).error();
  const uint32_t cycles = journal->cycles();
  uint64_t seq = journal->last_seq();
  Instant now = SystemClock().now();
  const auto append = [&](Fact fact) { journal->append({++seq, now += Duration(1), {}, std::move(fact)}); };
  for (uint64_t i = 0; i < kRecorded; ++i) {
    const uint64_t index = journal->experiments() - kRecorded / cycles + i / cycles;
    const AttemptKey key{{journal->generation(), index, static_cast<uint32_t>(i % cycles) + 1}, 1};
    append(AttemptIntended{key, "0"});
    append(AttemptStarting{key, "container-" + std::to_string(i), "sha256:abc", {}});
    append(AttemptRunning{key, now});
    AttemptEnded end;
    end.key = key;
    end.duration = Duration(1000);
    append(std::move(end));
    if (i % kBatch != kBatch - 1) continue;
    if (auto done = journal->commit(); !done) return done;
  }
  return {};
}

}  // namespace
}  // namespace studyctl

int main(int count, char** words) {
  if (count != 2) return 4;
  const auto recorded = studyctl::record(words[1]);
  if (!recorded) std::fprintf(stderr, "%s\n", recorded.error().message.c_str());
  return recorded ? 0 : 2;
}
