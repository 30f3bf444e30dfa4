#pragma once

#include <string>
#include <vector>

#include "model/event.h"
#include "store/run_record.h"

namespace studyctl {

inline const Instant kStart{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)};
inline const std::string kRunId = "0f8fad5b-d9cb-469f-a165-70867728950e";

inline RunRecord run_record(const std::string& id = kRunId, const std::string& study = "nmr") {
  return {id, study, study + "/2026-11-22_00-00-00", "designhash", "{}", kStart, "", ""};
}

// "water-00000000000000a1" for index 161.
inline ExperimentFacts facts_of(const RepetitionKey& key) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string digits(16, '0');
  uint64_t rest = key.index;
  for (size_t i = 16; i-- > 0; rest /= 16) digits[i] = kDigits[rest % 16];
  const std::string parameters = R"({"level":)" + std::to_string(key.index) + R"(,"molecule":"water"})";
  return {"water-" + digits, digits + std::string(48, '0'), parameters, 2.0};
}

// Writes the story of a run: each call adds events, one second apart.
class RunEvents {
 public:
  std::vector<Event> all;

  uint64_t add(Fact fact) {
    const uint64_t seq = all.size() + 1;
    all.push_back({seq, kStart + std::chrono::seconds(seq), {}, std::move(fact)});
    return seq;
  }
  void begin(uint64_t experiments, uint32_t cycles = 1) {
    add(GenerationOpened{1, experiments, cycles});
    add(RunStateChanged{RunState::Running, ""});
  }
  void start(const AttemptKey& key) {
    add(AttemptIntended{key, "0-3"});
    add(AttemptStarting{key, "container-" + std::to_string(key.repetition.index), "sha256:abc", {"GPU 0"}});
    add(AttemptRunning{key, kStart + std::chrono::seconds(all.size())});
  }
  void succeed(const AttemptKey& key, std::vector<MetricValue> metrics = {{"energy", -76.5, "Eh"}}) {
    start(key);
    AttemptEnded end;
    end.key = key;
    end.duration = std::chrono::milliseconds(1500);
    end.metrics = std::move(metrics);
    add(std::move(end));
  }
  void fail(const AttemptKey& key, Reason reason, Verdict verdict) {
    start(key);
    AttemptEnded end;
    end.key = key;
    end.reason = reason;
    end.verdict = verdict;
    end.exit_code = 3;
    end.duration = std::chrono::milliseconds(2500);
    end.message = "it went wrong";
    end.warnings = {"metric energy: out.dat: no such file"};
    end.conditions.samples = 2;
    end.conditions.flags = {"throttled", "disturbed"};
    if (verdict == Verdict::Retry) end.grown = {int64_t{1} << 30, Duration(7200'000)};
    add(std::move(end));
  }
};

inline AttemptKey attempt_of(uint64_t index, uint32_t cycle = 1, uint32_t attempt = 1) {
  return {{1, index, cycle}, attempt};
}

}  // namespace studyctl
