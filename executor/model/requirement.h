#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/value.h"

namespace studyctl {

// What one parameter, or metric, must be: the one matcher of `exclude`, `overrides`, `-l` and `--where`.
struct Requirement {
  enum class Is : uint8_t { In, NotIn, Greater, GreaterOrEqual, Less, LessOrEqual, Like, NotLike };

  std::string name;
  Is is = Is::In;
  // In and NotIn: literal texts. Greater and its kin: one number, compared by all of its digits; a text that
  // is no number fails. Like and NotLike: globs (* and ?), any of which may match.
  std::vector<Value> values;
  bool holds_without = false;  // for what has no such parameter

  // `value` is null when there is none of that name.
  bool holds(const Value* value) const;
};

// All hold. `find` answers for a name as Requirement::holds() wants it.
bool all_hold(const std::vector<Requirement>& requirements,
              const std::function<const Value*(const std::string& name)>& find);

// "batch_size > 8", "model in (a, b)", "!solvent": as -l reads it.
std::string text_of(const Requirement& requirement);

// Whether it wants a single number to compare with.
bool compares_numbers(Requirement::Is is);

}  // namespace studyctl
