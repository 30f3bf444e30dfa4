#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace studyctl {

// A regular expression of a manifest (RE2's syntax: linear in the text, whatever both are), matched line by
// line: no match goes over the end of a line, and ^ and $ are the ends of a line.
class Pattern {
 public:
  // Invalid: what is wrong with it, for people.
  static Result<Pattern> compile(const std::string& regex);
  Pattern(Pattern&&) noexcept;
  ~Pattern();

  // Calls `visit` with the first group (with the whole match where there is none) of each match in `lines`,
  // in order, any number in a line; a group that took no part in the match is left out. Until `visit` returns
  // false.
  void each_match(std::string_view lines, const std::function<bool(std::string_view)>& visit) const;

 private:
  struct Compiled;
  explicit Pattern(std::unique_ptr<Compiled> compiled);
  bool visit_matches(std::string_view text, const std::function<bool(std::string_view)>& visit) const;

  std::unique_ptr<Compiled> compiled_;
};

}  // namespace studyctl
