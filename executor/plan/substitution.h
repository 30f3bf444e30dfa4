#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace studyctl {

// A text taken apart once at what model/substitution.h finds in it.
class TextTemplate {
 public:
  struct Piece {
    bool is_reference = false;
    std::string text;    // "params.model" of a reference, else what it reads as: $${ is ${
    std::string source;  // as written
    std::optional<std::string> fallback = {};  // of a reference
  };

  // Invalid: a substitution that is not closed.
  static Result<TextTemplate> parse(std::string_view text);

  // `text` as it is, without references.
  static TextTemplate of_text(std::string_view text);

  const std::vector<Piece>& pieces() const { return pieces_; }

 private:
  std::vector<Piece> pieces_;
};

}  // namespace studyctl
