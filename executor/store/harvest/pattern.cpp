#include "store/harvest/pattern.h"

#include <re2/re2.h>

#include <array>

namespace studyctl {
namespace {

// Whether `regex` may mean something else in a block of lines than in each of them: \A, \z, \C, and flags
// that are set within, like (?s) or (?-m).
bool needs_single_lines(std::string_view regex) {
  for (size_t i = 0; i + 1 < regex.size(); ++i) {
    if (regex[i] == '\\') {
      const char escaped = regex[++i];
      if (escaped == 'A' || escaped == 'z' || escaped == 'C' || escaped == 'Q') return true;
    } else if (regex.substr(i, 2) == "(?") {
      const std::string_view flags = regex.substr(i + 2);
      if (!flags.starts_with(':') && !flags.starts_with("P<") && !flags.starts_with("i)") &&
          !flags.starts_with("i:"))
        return true;
    }
  }
  return false;
}

RE2::Options options() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_never_nl(true);
  return options;
}

}  // namespace

struct Pattern::Compiled {
  // (?m) first, so that ^ and $ mean lines; where lines come one by one they mean the same without it.
  Compiled(const std::string& regex, bool line_by_line)
      : single_lines(line_by_line), re(line_by_line ? regex : "(?m)" + regex, options()) {}

  bool single_lines;
  RE2 re;
};

Pattern::Pattern(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

Result<Pattern> Pattern::compile(const std::string& regex) {
  auto compiled = std::make_unique<Compiled>(regex, needs_single_lines(regex));
  if (!compiled->re.ok()) {
    // As written, so that what is said does not speak of our (?m).
    const RE2 as_written(regex, options());
    return Error{ErrorCode::Invalid, "'" + regex + "' is no regular expression: " +
                                         (as_written.ok() ? compiled->re.error() : as_written.error())};
  }
  return Pattern(std::move(compiled));
}

void Pattern::each_match(std::string_view lines, const std::function<bool(std::string_view)>& visit) const {
  if (!compiled_->single_lines) {
    // What follows the last line end is not an empty line.
    if (lines.ends_with('\n')) lines.remove_suffix(1);
    visit_matches(lines, visit);
    return;
  }
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    if (!visit_matches(lines.substr(0, end), visit) || end == std::string_view::npos) return;
    lines.remove_prefix(end + 1);
  }
}

bool Pattern::visit_matches(std::string_view text, const std::function<bool(std::string_view)>& visit) const {
  const re2::StringPiece piece(text.data(), text.size());
  const int groups = compiled_->re.NumberOfCapturingGroups() > 0 ? 2 : 1;
  std::array<re2::StringPiece, 2> found;
  size_t at = 0;
  while (at <= text.size() &&
         compiled_->re.Match(piece, at, text.size(), RE2::UNANCHORED, found.data(), groups)) {
    const re2::StringPiece& value = found[static_cast<size_t>(groups - 1)];
    if (value.data() && !visit({value.data(), value.size()})) return false;
    at = static_cast<size_t>(found[0].data() - text.data()) + found[0].size();
    // An empty match must not be found again, nor half a character.
    if (found[0].empty()) ++at;
    while (at < text.size() && (text[at] & 0xc0) == 0x80) ++at;
  }
  return true;
}

}  // namespace studyctl
