#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/study.h"

namespace studyctl {

// The finite number that `text` is, spaces aside: "-1.5e3", "+2", and Fortran's "1.0D+05". Nothing for NaN,
// Inf and words.
std::optional<double> parse_number(std::string_view text);

// Folds what a source says into one value, by `take`, in constant memory. What is not a finite number: where
// `first` or `last` would take it, there is no value; min, max, sum and mean leave it out; count counts it.
// Each is told as a warning.
class ValueFold {
 public:
  explicit ValueFold(Take take) : take_(take) {}

  void add(std::string_view text);
  void add(double number);
  // False once nothing that follows can change the value.
  bool wants_more() const { return take_ != Take::First || seen_ == 0; }

  uint64_t seen() const { return seen_; }
  // Nothing when nothing usable was seen; for count, the number.
  std::optional<double> value() const;
  // "'NaN' is not a finite number", or empty.
  std::string warning() const;

 private:
  void fold(double number);
  void note_bad(std::string_view text);

  Take take_;
  uint64_t seen_ = 0, folded_ = 0, bad_ = 0;
  double result_ = 0, correction_ = 0;
  bool last_is_bad_ = false;
  std::string bad_text_;
};

}  // namespace studyctl
