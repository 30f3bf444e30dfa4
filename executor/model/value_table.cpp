#include "model/value_table.h"

namespace studyctl {

void ValueTable::add(const std::vector<Value>& values, uint64_t number) {
  assert(values.size() == columns_);
  for (const Value& value : values) {
    text_ += value.text;
    ends_.push_back(text_.size());
    kinds_.push_back(value.kind);
  }
  numbers_.push_back(number);
}

Value ValueTable::at(uint64_t row, size_t column) const {
  const uint64_t place = row * columns_ + column;
  const uint64_t begin = place == 0 ? 0 : ends_[place - 1];
  return {kinds_[place], text_.substr(begin, ends_[place] - begin)};
}

}  // namespace studyctl
