#include "store/words.h"

#include <algorithm>
#include <array>

namespace studyctl {
namespace {

constexpr std::array<std::string_view, 5> kVerdicts = {"Succeeded", "Failed", "Infeasible", "Cancelled",
                                                       "Retry"};

}  // namespace

std::string_view name_of(Verdict verdict) {
  return kVerdicts.at(static_cast<size_t>(verdict));
}

std::optional<Verdict> verdict_named(std::string_view name) {
  const auto* found = std::find(kVerdicts.begin(), kVerdicts.end(), name);
  if (found == kVerdicts.end()) return std::nullopt;
  return static_cast<Verdict>(found - kVerdicts.begin());
}

RepetitionState state_after(Verdict verdict) {
  switch (verdict) {
    case Verdict::Succeeded: return RepetitionState::Succeeded;
    case Verdict::Failed: return RepetitionState::Failed;
    case Verdict::Infeasible: return RepetitionState::Infeasible;
    case Verdict::Cancelled: return RepetitionState::Cancelled;
    case Verdict::Retry: return RepetitionState::Waiting;
  }
  return RepetitionState::Failed;
}

}  // namespace studyctl
