#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace studyctl {

// A string that cannot be mistaken for another kind of string.
template <class Kind>
struct Id {
  std::string text;
  auto operator<=>(const Id&) const = default;
};

// An attempt's name, and its container's: studyctl-<8 of volume>-<8 of run>-<16 hex identity>-c1-a1.
using AttemptId = Id<struct AttemptKind>;

// One repetition of a run. `index` is the experiment's place in the plan of `generation`; `cycle` counts
// from 1. A generation is what one accepted change of the design opens; it counts from 1.
struct RepetitionKey {
  uint32_t generation = 1;
  uint64_t index = 0;
  uint32_t cycle = 1;
  auto operator<=>(const RepetitionKey&) const = default;
};

// One try at a repetition; `attempt` counts from 1.
struct AttemptKey {
  RepetitionKey repetition;
  uint32_t attempt = 1;
  auto operator<=>(const AttemptKey&) const = default;
};

}  // namespace studyctl

template <>
struct std::hash<studyctl::RepetitionKey> {
  size_t operator()(const studyctl::RepetitionKey& key) const {
    return std::hash<uint64_t>()((key.index * 1000003 + key.cycle) * 31 + key.generation);
  }
};

template <class Kind>
struct std::hash<studyctl::Id<Kind>> {
  size_t operator()(const studyctl::Id<Kind>& id) const { return std::hash<std::string>()(id.text); }
};
