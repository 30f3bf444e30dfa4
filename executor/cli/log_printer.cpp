#include "cli/log_printer.h"

#include "base/text.h"

namespace studyctl {
namespace {

constexpr char kEscape = '\x1b';

// Behind the escape sequence that begins at `text[at]` (ECMA-48, 5.4: ESC [ parameters final; ESC ] … BEL).
size_t behind_escape(std::string_view text, size_t at) {
  if (at + 1 >= text.size()) return text.size();
  if (text[at + 1] == ']') {
    const size_t bell = text.find_first_of("\x07\x1b", at + 2);
    if (bell == std::string_view::npos) return text.size();
    return text[bell] == kEscape ? std::min(bell + 2, text.size()) : bell + 1;
  }
  if (text[at + 1] != '[') return at + 2;
  for (size_t i = at + 2; i < text.size(); ++i)
    if (text[i] >= 0x40 && text[i] <= 0x7e) return i + 1;
  return text.size();
}

void put(std::FILE* to, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), to);
}

}  // namespace

std::string shown_line(std::string_view raw) {
  while (raw.ends_with('\r')) raw.remove_suffix(1);
  if (const size_t over = raw.rfind('\r'); over != std::string_view::npos) raw.remove_prefix(over + 1);
  std::string text;
  for (size_t i = 0; i < raw.size();) {
    if (raw[i] == kEscape) {
      i = behind_escape(raw, i);
    } else {
      text += raw[i++];
    }
  }
  return printable(text);
}

void LogPrinter::add(const LogChunk& chunk) {
  if (style_.only && chunk.stream != *style_.only) return;
  if (!by_lines_) return put(to_, chunk.bytes);
  reader_.add(chunk, lines_);
  print_lines();
}

void LogPrinter::release() {
  kept_.reset();
  print_lines();
}

void LogPrinter::finish() {
  reader_.finish(lines_);
  print_lines();
}

void LogPrinter::print_lines() {
  if (kept_) {
    while (lines_.size() > *kept_) lines_.pop_front();
    return;
  }
  for (const LogLine& line : lines_) print(line);
  lines_.clear();
}

void LogPrinter::print(const LogLine& line) const {
  std::string text = prefix_;
  if (style_.timestamps) text += format_instant(line.at) + " ";
  text += style_.for_terminal ? shown_line(line.text) : line.text;
  put(to_, text + "\n");
}

}  // namespace studyctl
