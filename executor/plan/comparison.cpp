#include "plan/comparison.h"

#include <algorithm>
#include <charconv>

namespace studyctl {
namespace {

using Entries = std::vector<std::pair<uint64_t, uint64_t>>;

// The experiments of `plan` that are not in `other`, by a hash of their parameters.
Entries by_parameters(const Plan& plan, const IdentityIndex& here, const IdentityIndex& other) {
  Entries entries;
  for (const auto& [fingerprint, index] : here.entries())
    if (!other.find(fingerprint))
      entries.emplace_back(std::hash<std::string>()(canonical_parameters(plan.at(index))), index);
  std::sort(entries.begin(), entries.end());
  return entries;
}

bool contains(const Entries& entries, uint64_t key) {
  const auto found = std::lower_bound(entries.begin(), entries.end(), std::pair(key, uint64_t{0}));
  return found != entries.end() && found->first == key;
}

// Index → what it is; all others are Same.
std::vector<std::pair<uint64_t, Change>> changes(const Entries& own, const Entries& others,
                                                 Change only_here) {
  std::vector<std::pair<uint64_t, Change>> list;
  for (const auto& [parameters, index] : own)
    list.emplace_back(index, contains(others, parameters) ? Change::Changed : only_here);
  std::sort(list.begin(), list.end());
  return list;
}

}  // namespace

IdentityIndex::IdentityIndex(const IdentifiedPlan& identified) {
  entries_.reserve(identified.plan.size());
  for (uint64_t index = 0; index < identified.plan.size(); ++index)
    entries_.emplace_back(identified.identifier.fingerprint(identified.plan.at(index)), index);
  std::sort(entries_.begin(), entries_.end());
}

std::optional<uint64_t> IdentityIndex::find(std::string_view identity) const {
  uint64_t fingerprint = 0;
  const std::string_view digits = identity.substr(0, 16);
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), fingerprint, 16);
  if (failed != std::errc() || digits.size() < 16 || end != digits.data() + 16) return std::nullopt;
  return find(fingerprint);
}

std::optional<uint64_t> IdentityIndex::find(uint64_t fingerprint) const {
  const auto found = std::lower_bound(entries_.begin(), entries_.end(), std::pair(fingerprint, uint64_t{0}));
  if (found == entries_.end() || found->first != fingerprint) return std::nullopt;
  return found->second;
}

char sign_of(Change change) {
  return "+=~-"[static_cast<size_t>(change)];
}

PlanDifference compare(const IdentifiedPlan& before, const IdentifiedPlan& after, const VisitChange& visit) {
  const IdentityIndex was(before), is(after);
  const Entries left = by_parameters(before.plan, was, is), came = by_parameters(after.plan, is, was);
  PlanDifference difference;
  auto change = changes(came, left, Change::Added);
  auto next = change.begin();
  if (!visit) {
    for (const auto& [index, what] : change) ++difference.counts[static_cast<size_t>(what)];
    difference.counts[static_cast<size_t>(Change::Same)] = after.plan.size() - change.size();
  }
  for (uint64_t index = 0; visit && index < after.plan.size(); ++index) {
    const bool differs = next != change.end() && next->first == index;
    const Change what = differs ? (next++)->second : Change::Same;
    ++difference.counts[static_cast<size_t>(what)];
    visit(what, index, after.plan.at(index));
  }
  for (const auto& [index, what] : changes(left, came, Change::Dropped)) {
    if (what == Change::Changed) continue;
    ++difference.counts[static_cast<size_t>(what)];
    if (visit) visit(what, index, before.plan.at(index));
  }
  return difference;
}

}  // namespace studyctl
