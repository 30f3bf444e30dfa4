#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace studyctl {

// A whole number computed from others: "uhf + 1", "(n - 1) * 2". + - * / %, parentheses, names, 64 bits;
// division truncates towards zero, as in C. Names may have dashes and dots, so a difference of names wants
// spaces.
class Derivation {
 public:
  // Invalid says at which character.
  static Result<Derivation> parse(std::string_view text);

  // The names it needs, each once.
  const std::vector<std::string>& names() const { return names_; }

  // `value_of` answers for each of names(). Invalid: overflow, division by 0.
  Result<int64_t> value(const std::function<int64_t(const std::string& name)>& value_of) const;

 private:
  // Reverse Polish: numbers and names push, operators take two.
  struct Step {
    char operation;  // '#' a number, '$' a name, else the operator; 'n' negates
    int64_t number = 0;
    size_t name = 0;
  };
  friend class DerivationParser;

  std::string text_;
  std::vector<Step> steps_;
  std::vector<std::string> names_;
};

}  // namespace studyctl
