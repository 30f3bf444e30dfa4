#include "store/harvest/content_check.h"

#include <optional>

#include "base/text.h"
#include "store/harvest/line_blocks.h"
#include "store/harvest/pattern.h"
#include "store/harvest/source_files.h"

namespace studyctl {
namespace {

constexpr size_t kLongestText = 1000;

Result<std::optional<std::string>> first_match(ByteSource source, const Pattern& pattern) {
  LineBlocks blocks(std::move(source));
  std::optional<std::string> found;
  while (!found) {
    auto lines = blocks.next();
    if (!lines) return std::move(lines).error();
    if (lines->empty()) return found;
    pattern.each_match(*lines, [&](std::string_view text) {
      found = printable(text.substr(0, kLongestText));
      return false;
    });
  }
  return found;
}

}  // namespace

CheckResult look_for(const AttemptDirectory& directory, const ContentCheck& check, ReadBudget& budget) {
  const std::string where = name_of_source(check.from, check.file);
  auto pattern = Pattern::compile(check.regex);
  if (!pattern) return {false, {}, where + ": " + pattern.error().message, false};
  const std::vector<std::string> files = files_of_source(directory, check.from, check.file);
  if (files.empty()) return {false, {}, where + ": no such file", true};
  for (const std::string& file : files) {
    auto source = ByteSource::open(directory, file, budget);
    if (!source)
      return {false, {}, file + ": " + source.error().message, source.error().code == ErrorCode::NotFound};
    const auto match = first_match(std::move(*source), *pattern);
    if (!match) return {false, {}, file + ": " + match.error().message, false};
    if (*match) return {true, **match, {}, true};
  }
  return {false, {}, where + ": no line matches '" + check.regex + "'", true};
}

std::vector<std::string> matching_in_logs(const AttemptDirectory& directory,
                                          const std::vector<std::string>& patterns, ReadBudget& budget) {
  std::vector<std::string> matching;
  for (const std::string& pattern : patterns) {
    if (look_for(directory, {MetricSource::From::Stderr, {}, pattern}, budget).found ||
        look_for(directory, {MetricSource::From::Stdout, {}, pattern}, budget).found) {
      matching.push_back(pattern);
    }
  }
  return matching;
}

}  // namespace studyctl
