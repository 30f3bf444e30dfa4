#include "study/results_flags.h"

#include <algorithm>

#include "base/text.h"
#include "study/run_text.h"

namespace studyctl {
namespace {

// The most frequent first.
std::string by_flag_text(const FlagTally& tally) {
  std::vector<std::pair<std::string, size_t>> flags(tally.by_flag.begin(), tally.by_flag.end());
  std::stable_sort(flags.begin(), flags.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> parts;
  for (const auto& [flag, count] : flags) parts.push_back(std::to_string(count) + " " + printable(flag));
  return join(parts, ", ");
}

}  // namespace

FlagTally clean(const ResultsQuery& query, Measurements& measured) {
  FlagTally tally;
  tally.of = measured.rows.size();
  if (query.flagged.empty()) return tally;
  measured.keep([&](size_t row) {
    const auto flagged =
        query.flagged.find({measured.names[measured.rows[row].point], measured.rows[row].cycle});
    if (flagged == query.flagged.end()) return true;
    tally.add(flagged->second);
    return !query.clean;
  });
  return tally;
}

std::string flags_text(const ResultsQuery& query, const FlagTally& tally) {
  if (tally.repetitions == 0) return "";
  if (query.clean)
    return counted(tally.repetitions, "repetition") + " left out by --clean: " + by_flag_text(tally);
  return std::to_string(tally.repetitions) + " of " + counted(tally.of, "repetition") +
         (tally.repetitions == 1 ? " was" : " were") + " flagged (" + by_flag_text(tally) +
         "): --clean leaves " + (tally.repetitions == 1 ? "it" : "them") + " out";
}

}  // namespace studyctl
