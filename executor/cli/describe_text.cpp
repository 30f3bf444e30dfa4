#include "cli/describe_text.h"

#include "base/text.h"
#include "cli/status_text.h"

namespace studyctl {
namespace {

constexpr size_t kLabelColumns = 14;

}  // namespace

void Description::field(const std::string& label, const std::string& value) {
  if (value.empty()) return;
  std::string line = label + ":";
  line.append(kLabelColumns - std::min(columns_of(line), kLabelColumns - 1), ' ');
  lines_.push_back(line + printable(value));
}

void Description::section(const std::string& heading, const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  lines_.push_back(heading + ":");
  for (const std::string& line : lines) lines_.push_back("  " + printable(line));
}

void Description::text(const std::string& text, size_t indent) {
  for (const std::string& line : split(text, '\n'))
    lines_.push_back(std::string(indent, ' ') + printable(line));
}

}  // namespace studyctl
