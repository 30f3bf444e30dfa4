#include "model/substitution.h"

#include <cctype>

namespace studyctl {
namespace {

// Whether `text`, what follows a "${", begins as a dotted name does. A shell's ${x%.*} does not.
bool begins_dotted_name(std::string_view text) {
  size_t i = 0;
  while (i < text.size() && (std::isalnum(static_cast<unsigned char>(text[i])) || text[i] == '_')) ++i;
  return i > 0 && i < text.size() && text[i] == '.';
}

}  // namespace

Result<std::vector<Substitution>> substitutions_in(std::string_view text) {
  std::vector<Substitution> found;
  size_t at = 0;
  while ((at = text.find("${", at)) != std::string_view::npos) {
    const bool escaped = at > 0 && text[at - 1] == '$';
    const std::string_view rest = text.substr(at + 2);
    if (escaped || !begins_dotted_name(rest)) {
      at += 2;
      continue;
    }
    const size_t end = rest.find_first_of("}\n");
    if (end == std::string_view::npos || rest[end] == '\n') {
      return Error{ErrorCode::Invalid, "${" + std::string(rest.substr(0, rest.find_first_of(" \n"))) +
                                           " is not closed with }; for the text ${ write $${"};
    }
    const std::string_view whole = rest.substr(0, end);
    const size_t colon = whole.find(":-");
    Substitution& one =
        found.emplace_back(Substitution{std::string(whole.substr(0, colon)), {}, at, end + 3});
    if (colon != std::string_view::npos) one.fallback = whole.substr(colon + 2);
    at += end + 3;
  }
  return found;
}

}  // namespace studyctl
