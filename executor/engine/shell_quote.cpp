#include "engine/shell_quote.h"

#include <cctype>
#include <string_view>

namespace studyctl {

std::string shell_quote(const std::string& word) {
  bool is_plain = !word.empty();
  for (const char c : word) {
    is_plain = is_plain && (std::isalnum(static_cast<unsigned char>(c)) ||
                            std::string_view("-_./=:,@%+").find(c) != std::string_view::npos);
  }
  if (is_plain) return word;
  std::string result = "'";
  for (const char c : word) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

}  // namespace studyctl
