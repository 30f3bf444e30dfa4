#include "cli/table.h"

#include <algorithm>

#include "base/text.h"
#include "cli/status_text.h"

namespace studyctl {

Table::Table(std::FILE* to, std::vector<std::string> headings) : to_(to) {
  row(std::move(headings));
}

void Table::row(std::vector<std::string> cells) {
  widths_.resize(std::max(widths_.size(), cells.size()));
  for (size_t i = 0; i < cells.size(); ++i) {
    cells[i] = printable(cells[i]);
    if (cells[i].empty()) cells[i] = "-";
    widths_[i] = std::max(widths_[i], columns_of(cells[i]));
  }
  rows_.push_back(std::move(cells));
  if (rows_.size() >= kBlock) flush();
}

void Table::flush() {
  for (const std::vector<std::string>& cells : rows_) {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) {
      line += cells[i];
      if (i + 1 < cells.size()) line.append(widths_[i] - columns_of(cells[i]) + 2, ' ');
    }
    line += '\n';
    std::fwrite(line.data(), 1, line.size(), to_);
  }
  rows_.clear();
}

}  // namespace studyctl
