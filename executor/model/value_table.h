#pragma once

#include <cassert>
#include <cstdint>
#include <string>
#include <vector>

#include "model/value.h"

namespace studyctl {

// Many rows of values in one text, each with the number that it has in its source: a row of five short values
// costs some fifty bytes.
class ValueTable {
 public:
  explicit ValueTable(size_t columns = 0) : columns_(columns) {}

  uint64_t size() const { return numbers_.size(); }
  // `values` has one for each column.
  void add(const std::vector<Value>& values, uint64_t number);
  Value at(uint64_t row, size_t column) const;
  uint64_t number(uint64_t row) const { return numbers_[row]; }

 private:
  size_t columns_;
  std::string text_;
  std::vector<uint64_t> ends_;  // in text_, of a value, row by row
  std::vector<Value::Kind> kinds_;
  std::vector<uint64_t> numbers_;
};

}  // namespace studyctl
