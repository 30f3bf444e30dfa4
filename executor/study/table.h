#pragma once

#include <cstdio>
#include <string>
#include <vector>

namespace studyctl {

using Row = std::vector<std::string>;

// The number of columns that UTF-8 `text` takes.
size_t columns_of(const std::string& text);
// `text` with at most `columns`: its end, or its middle, becomes "…".
std::string cut_to(const std::string& text, size_t columns);
std::string cut_middle(const std::string& text, size_t columns);

// Columns padded to the widest; two spaces between.
std::vector<std::string> aligned(const std::vector<Row>& rows);
void print_lines(const std::vector<std::string>& lines);

// A table that is printed while it is made, so that a million rows take no more memory than a thousand:
// columns are as wide as the widest cell so far. Cells may hold anything; what a terminal would obey is taken
// out.
class Table {
 public:
  Table(std::FILE* to, Row headings);
  ~Table() { flush(); }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  void row(Row cells);
  // Prints what is left.
  void flush();

 private:
  static constexpr size_t kBlock = 512;

  std::FILE* to_;
  std::vector<Row> rows_;
  std::vector<size_t> widths_;
};

}  // namespace studyctl
