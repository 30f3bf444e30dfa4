#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace studyctl {

// Where something stands: line and column from 1, the column in bytes. Line 0: in flag number `column`.
struct Place {
  uint32_t line = 0;
  uint32_t column = 0;
  auto operator<=>(const Place&) const = default;
};

// The text that is read, for telling people where something in it stands. `text` must outlive it.
class Source {
 public:
  Source(std::string file, std::string_view text);

  // "study.yaml:12:7", the column in characters; "--cycles" for a flag.
  std::string describe(Place place) const;
  // The first `words` at or after `place` and not more than `most_lines` below it, or `place` itself.
  Place find(std::string_view words, Place place, size_t most_lines) const;

  // The place of everything that a flag sets.
  Place add_flag(std::string flag);

 private:
  std::string_view line(uint32_t number) const;

  std::string file_;
  std::string_view text_;
  std::vector<size_t> lines_;  // where each begins
  std::vector<std::string> flags_;
};

// `text` for a message: cut where it is long.
std::string shortened(std::string_view text);

// Everything that is wrong with a manifest, collected so that people see it at once. Of the many that a
// broken or hostile file can have, only the first are kept.
class Problems {
 public:
  explicit Problems(Source& source) : source_(&source) {}

  // "file:line:column: path: what, and what instead". `path` may be empty.
  void add(Place place, std::string_view path, std::string_view what);
  void warn(Place place, std::string_view path, std::string_view what);

  bool any() const { return total_ > 0; }
  // Whether further ones are only counted.
  bool full() const;
  // Invalid, a line a problem in the order of their places; the first hundred, and how many more there are.
  // Only when there is any.
  Error error() const;
  std::vector<std::string> warnings() const;
  Source& source() const { return *source_; }

 private:
  struct Line {
    Place place;
    std::string text;
  };
  static Line line_of(Place place, std::string_view path, std::string_view what);
  std::vector<std::string> sorted(std::vector<Line> lines, size_t most) const;

  Source* source_;
  std::vector<Line> lines_;
  std::vector<Line> warnings_;
  size_t total_ = 0;
};

}  // namespace studyctl
