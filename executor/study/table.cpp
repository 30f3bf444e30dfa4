#include "study/table.h"

#include <algorithm>

#include "base/text.h"

namespace studyctl {
namespace {

bool starts_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
}

// The byte at which the column `column` begins.
size_t byte_of(const std::string& text, size_t column) {
  size_t seen = 0;
  for (size_t i = 0; i < text.size(); ++i)
    if (starts_character(text[i]) && seen++ == column) return i;
  return text.size();
}

void widen(std::vector<size_t>& widths, const Row& row) {
  widths.resize(std::max(widths.size(), row.size()));
  for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
}

std::string padded(const Row& row, const std::vector<size_t>& widths) {
  std::string line;
  for (size_t i = 0; i < row.size(); ++i) {
    line += row[i];
    if (i + 1 < row.size()) line.append(widths[i] - columns_of(row[i]) + 2, ' ');
  }
  return line;
}

}  // namespace

size_t columns_of(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

std::string cut_to(const std::string& text, size_t columns) {
  if (columns_of(text) <= columns) return text;
  return columns == 0 ? "" : text.substr(0, byte_of(text, columns - 1)) + "…";
}

std::string cut_middle(const std::string& text, size_t columns) {
  const size_t all = columns_of(text), head = columns / 2;
  if (all <= columns || columns < 3) return cut_to(text, columns);
  return text.substr(0, byte_of(text, head)) + "…" + text.substr(byte_of(text, all - (columns - head - 1)));
}

std::vector<std::string> aligned(const std::vector<Row>& rows) {
  std::vector<size_t> widths;
  for (const Row& row : rows) widen(widths, row);
  std::vector<std::string> lines;
  for (const Row& row : rows) lines.push_back(padded(row, widths));
  return lines;
}

void print_lines(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

Table::Table(std::FILE* to, Row headings) : to_(to) {
  row(std::move(headings));
}

void Table::row(Row cells) {
  for (std::string& cell : cells)
    if (cell = printable(cell); cell.empty()) cell = "-";
  widen(widths_, cells);
  rows_.push_back(std::move(cells));
  if (rows_.size() >= kBlock) flush();
}

void Table::flush() {
  for (const Row& cells : rows_) std::fprintf(to_, "%s\n", padded(cells, widths_).c_str());
  rows_.clear();
}

}  // namespace studyctl
