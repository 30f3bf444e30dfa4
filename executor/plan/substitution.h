#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace studyctl {

// A string with ${…} in it, taken apart once. ${scope.name} is a reference; ${HOME}, ${file%.out} and
// anything else without a dotted name passes through; $${ stands for ${.
class TextTemplate {
 public:
  struct Piece {
    bool is_reference = false;
    std::string text;    // "params.model" of a reference, else what it reads as
    std::string source;  // as written
  };

  // Invalid: one of ours that is not closed, or has a default (a later version has those).
  static Result<TextTemplate> parse(std::string_view text);

  // `text` as it is, without references.
  static TextTemplate of_text(std::string_view text);

  const std::vector<Piece>& pieces() const { return pieces_; }

 private:
  void add_text(std::string_view text, std::string_view source);

  std::vector<Piece> pieces_;
};

// That `name` ("params.modle") stands for nothing, with the nearest of those that do.
Error unknown_name(std::string_view name, const std::vector<std::string>& known);

}  // namespace studyctl
