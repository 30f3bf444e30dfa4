#include "cli/pilot_text.h"

#include <cstdio>

#include "cli/results_text.h"
#include "plan/estimate.h"
#include "study/run_text.h"

namespace studyctl {
namespace {

std::optional<Duration> duration_of(const std::optional<double>& seconds) {
  if (!seconds) return std::nullopt;
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*seconds));
}

}  // namespace

void print_pilot_end(const ChosenRun& chosen, const Status& status) {
  const SelectionRules every;
  const Selector everywhere;
  if (const auto query = query_of(chosen, every, everywhere)) {
    std::printf("\n");
    (void)print_conclusions(*query, {}, ResultsOutput::Table, stdout);
    std::printf("\n");
  }
  const uint64_t left = status.counts.at(static_cast<size_t>(RepetitionState::Waiting));
  Estimate rest;
  rest.expected = duration_of(status.eta_seconds);
  rest.p90 = duration_of(status.eta_p90_seconds);
  rest.measured = status.completed;
  std::printf(
      "the rest, %s: %s\n", counted(left, "repetition").c_str(),
      rest.expected ? estimate_lines(rest).front().c_str() : "nothing was run yet to tell its time by");
}

}  // namespace studyctl
