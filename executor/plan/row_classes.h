#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace studyctl {

// The rows of one axis, told apart only by which exclude rules they satisfy: rows of one class satisfy the
// same ones. It costs memory for rows that are named in a rule, not for the others.
class RowClasses {
 public:
  // At first every row satisfies every one of `rules` rules.
  RowClasses(uint64_t rows, size_t rules);

  // From here on, of the rows, only `satisfying` (distinct) satisfy `rule`. Call it once a rule at most.
  void restrict(size_t rule, std::span<const uint64_t> satisfying);

  // Rows first … next run's first - 1 are of one class.
  struct Run {
    uint64_t first;
    uint32_t row_class;
  };
  std::vector<Run> runs() const;
  // Bit r of word r / 64: rows of the class satisfy rule r.
  std::span<const uint64_t> mask(uint32_t row_class) const;

  uint64_t rows() const { return rows_; }
  uint32_t classes() const { return static_cast<uint32_t>(members_.size()); }
  // The rules that restrict() was called for.
  const std::vector<size_t>& restricted_by() const { return restricted_by_; }

 private:
  uint32_t class_of(uint64_t row) const;
  uint32_t copied(uint32_t row_class);

  uint64_t rows_;
  size_t words_;
  std::vector<uint64_t> masks_;                     // words_ a class
  std::vector<uint64_t> members_;                   // a class
  std::unordered_map<uint64_t, uint32_t> classes_;  // of rows that are not of class 0
  std::vector<size_t> restricted_by_;
};

}  // namespace studyctl
