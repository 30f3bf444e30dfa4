#include "manifest/problems.h"

#include <algorithm>

#include "base/text.h"

namespace studyctl {
namespace {

constexpr size_t kMostShown = 100;
constexpr size_t kMostKept = 2000;
// Counting characters is not worth it in a line that no person reads.
constexpr size_t kLongLine = 4096;

size_t characters_in(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string cut(std::string_view text, size_t most) {
  if (text.size() <= most) return std::string(text);
  while (most > 0 && (text[most] & 0xc0) == 0x80) --most;
  return std::string(text.substr(0, most)) + "…";
}

}  // namespace

Source::Source(std::string file, std::string_view text) : file_(std::move(file)), text_(text), lines_{0} {
  for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', end + 1)) {
    lines_.push_back(end + 1);
  }
}

std::string_view Source::line(uint32_t number) const {
  if (number == 0 || number > lines_.size()) return {};
  const size_t begin = lines_[number - 1];
  const size_t end = number < lines_.size() ? lines_[number] : text_.size();
  return text_.substr(begin, end - begin);
}

std::string Source::describe(Place place) const {
  if (place.line == 0) return place.column < flags_.size() ? flags_[place.column] : file_;
  size_t column = place.column;
  if (column < kLongLine) column = characters_in(line(place.line).substr(0, column - 1)) + 1;
  return file_ + ":" + std::to_string(place.line) + ":" + std::to_string(column);
}

Place Source::find(std::string_view words, Place place, size_t most_lines) const {
  if (place.line == 0 || place.line > lines_.size()) return place;
  const size_t begin = lines_[place.line - 1] + place.column - 1;
  const size_t last_line = std::min(lines_.size(), place.line + most_lines);
  const size_t end = last_line < lines_.size() ? lines_[last_line] : text_.size();
  if (begin > end) return place;
  const size_t found = text_.substr(0, end).find(words, begin);
  if (found == std::string_view::npos) return place;
  const auto after = std::upper_bound(lines_.begin(), lines_.end(), found);
  const auto number = static_cast<uint32_t>(after - lines_.begin());
  return {number, static_cast<uint32_t>(found - lines_[number - 1] + 1)};
}

Place Source::add_flag(std::string flag) {
  flags_.push_back(std::move(flag));
  return {0, static_cast<uint32_t>(flags_.size() - 1)};
}

std::string shortened(std::string_view text) {
  return cut(text, 80);
}

bool Problems::full() const {
  return lines_.size() >= kMostKept;
}

Problems::Line Problems::line_of(Place place, std::string_view path, std::string_view what) {
  const std::string words = cut(what, 1000);
  return {place, printable(path.empty() ? words : cut(path, 300) + ": " + words)};
}

void Problems::add(Place place, std::string_view path, std::string_view what) {
  ++total_;
  if (!full()) lines_.push_back(line_of(place, path, what));
}

void Problems::warn(Place place, std::string_view path, std::string_view what) {
  if (warnings_.size() < kMostKept) warnings_.push_back(line_of(place, path, what));
}

std::vector<std::string> Problems::sorted(std::vector<Line> lines, size_t most) const {
  std::stable_sort(lines.begin(), lines.end(),
                   [](const Line& a, const Line& b) { return a.place < b.place; });
  std::vector<std::string> texts;
  for (const Line& line : lines) {
    if (texts.size() == most) break;
    texts.push_back(source_->describe(line.place) + ": " + line.text);
  }
  return texts;
}

Error Problems::error() const {
  std::vector<std::string> texts = sorted(lines_, kMostShown);
  if (total_ > texts.size())
    texts.push_back("and " + std::to_string(total_ - texts.size()) + " more problems");
  return {ErrorCode::Invalid, join(texts, "\n")};
}

std::vector<std::string> Problems::warnings() const {
  return sorted(warnings_, kMostShown);
}

}  // namespace studyctl
