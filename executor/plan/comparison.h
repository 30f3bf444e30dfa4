#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "plan/experiment.h"
#include "plan/plan.h"

namespace studyctl {

// A plan and who its experiments are. Both must outlive what is made of it.
struct IdentifiedPlan {
  const Plan& plan;
  const Identifier& identifier;
};

// Where experiments are in a plan, by identity; 16 bytes an experiment. Told apart by 64 bits of the
// identity, as the names of their containers and directories are.
class IdentityIndex {
 public:
  // Computes every identity once.
  explicit IdentityIndex(const IdentifiedPlan& identified);

  // `identity`: 16 hex digits or more.
  std::optional<uint64_t> find(std::string_view identity) const;
  std::optional<uint64_t> find(uint64_t fingerprint) const;
  // (fingerprint, index) of every experiment, ascending.
  const std::vector<std::pair<uint64_t, uint64_t>>& entries() const { return entries_; }

 private:
  std::vector<std::pair<uint64_t, uint64_t>> entries_;
};

// What an experiment of one plan is to another.
enum class Change : uint8_t {
  Added,    // its parameters are new
  Same,     // its identity is there already
  Changed,  // its parameters are there already, but it executes something else
  Dropped,  // its parameters are no more
};
inline constexpr size_t kChanges = 4;
// + = ~ -
char sign_of(Change change);

struct PlanDifference {
  uint64_t counts[kChanges] = {};
  uint64_t count(Change change) const { return counts[static_cast<size_t>(change)]; }
  // The experiments are the same ones, in whatever order.
  bool none() const { return count(Change::Same) == counts[0] + counts[1] + counts[2] + counts[3]; }
};

// Tells `visit` of every experiment: those of `after` in its order, then what was dropped of `before`; the
// point lives until `visit` returns. Without `visit` they are counted alone.
using VisitChange = std::function<void(Change change, uint64_t index, const Point& point)>;
PlanDifference compare(const IdentifiedPlan& before, const IdentifiedPlan& after,
                       const VisitChange& visit = {});

}  // namespace studyctl
