#pragma once

#include <cstdio>
#include <string>
#include <vector>

namespace studyctl {

// A table that is printed while it is made, so that a million rows take no more memory than a thousand:
// columns are as wide as the widest cell so far. Cells may hold anything; what a terminal would obey is taken
// out.
class Table {
 public:
  Table(std::FILE* to, std::vector<std::string> headings);
  ~Table() { flush(); }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  void row(std::vector<std::string> cells);
  // Prints what is left.
  void flush();

 private:
  static constexpr size_t kBlock = 512;

  std::FILE* to_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<size_t> widths_;
};

}  // namespace studyctl
