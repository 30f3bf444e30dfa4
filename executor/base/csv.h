#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace studyctl {

// Reads comma separated values (RFC 4180: quoted cells may hold commas, line breaks and doubled quotes) piece
// by piece, and keeps no more than a row. Line ends of any kind; a byte order mark and empty lines are passed
// over.
class CsvReader {
 public:
  static constexpr size_t kLongestRow = 1u << 20;

  // `row` gets every row with the line it begins in, from 1; what it answers as an error ends the reading.
  using Row = std::function<Result<void>(std::vector<std::string> cells, size_t line)>;
  explicit CsvReader(Row row) : row_(std::move(row)) {}

  // Invalid names the line: text behind a closing quote, a row over kLongestRow.
  Result<void> put(std::string_view bytes);
  // Of the last row, which needs no line end. Invalid: an open quote.
  Result<void> finish();

 private:
  enum class Place { CellStart, Plain, Quoted, QuoteEnded };

  Result<void> put(char letter);
  Result<void> end_row();
  void end_cell();
  Error problem(std::string_view what) const;

  Row row_;
  Place place_ = Place::CellStart;
  std::vector<std::string> cells_;
  std::string cell_;
  size_t length_ = 0;  // of the row so far
  size_t line_ = 1;
  size_t row_line_ = 1;
  bool after_return_ = false;
  bool at_begin_ = true;
};

}  // namespace studyctl
