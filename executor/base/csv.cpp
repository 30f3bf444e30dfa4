#include "base/csv.h"

#include <utility>

namespace studyctl {
namespace {
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
}

Error CsvReader::problem(std::string_view what) const {
  return Error{ErrorCode::Invalid, "line " + std::to_string(line_) + ": " + std::string(what)};
}

Result<void> CsvReader::put(std::string_view bytes) {
  for (const char letter : bytes) {
    if (auto taken = put(letter); !taken) return taken;
  }
  return {};
}

Result<void> CsvReader::put(char letter) {
  const bool breaks = letter == '\n' || letter == '\r';
  const bool second_half = letter == '\n' && after_return_;
  after_return_ = letter == '\r';
  if (++length_ > kLongestRow) return problem("the row is longer than 1 MiB: is a quote missing?");
  if (place_ == Place::Quoted) {
    if (breaks && !second_half) ++line_;
    if (letter == '"') {
      place_ = Place::QuoteEnded;
    } else {
      cell_ += letter;
    }
    return {};
  }
  if (letter == '"' && place_ == Place::CellStart && cell_.empty()) {
    place_ = Place::Quoted;
  } else if (letter == '"' && place_ == Place::QuoteEnded) {
    cell_ += letter;
    place_ = Place::Quoted;
  } else if (letter == ',') {
    end_cell();
  } else if (breaks) {
    if (second_half) return {};
    auto ended = end_row();
    row_line_ = ++line_;
    return ended;
  } else if (place_ == Place::QuoteEnded && letter != ' ') {
    return problem("text behind a closing quote; a quote within quotes is written twice");
  } else if (place_ != Place::QuoteEnded) {
    place_ = Place::Plain;
    cell_ += letter;
    if (at_begin_ && cell_ == kByteOrderMark) {
      cell_.clear();
      place_ = Place::CellStart;
    }
  }
  return {};
}

void CsvReader::end_cell() {
  cells_.push_back(std::exchange(cell_, {}));
  place_ = Place::CellStart;
  at_begin_ = false;
}

Result<void> CsvReader::end_row() {
  const bool empty = cells_.empty() && cell_.empty() && place_ == Place::CellStart;
  length_ = 0;
  if (empty) return {};
  end_cell();
  return row_(std::exchange(cells_, {}), row_line_);
}

Result<void> CsvReader::finish() {
  if (place_ == Place::Quoted)
    return Error{ErrorCode::Invalid, "line " + std::to_string(row_line_) + ": a quote is not closed"};
  return end_row();
}

}  // namespace studyctl
