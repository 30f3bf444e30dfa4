#include "io/line_splitter.h"

namespace studyctl {

void LineSplitter::feed(std::string_view bytes, const std::function<void(std::string_view)>& on_line) {
  for (size_t end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
    end_line(bytes.substr(0, end), on_line);
    bytes.remove_prefix(end + 1);
  }
  keep(bytes);
}

void LineSplitter::finish(const std::function<void(std::string_view)>& on_line) {
  if (!begun_.empty() || is_too_long_) end_line({}, on_line);
}

void LineSplitter::keep(std::string_view piece) {
  if (is_too_long_) return;
  // One byte more than allowed: it may be the "\r" of a line's end.
  is_too_long_ = begun_.size() + piece.size() > longest_ + 1;
  if (is_too_long_) {
    begun_ = std::string();
  } else {
    begun_ += piece;
  }
}

void LineSplitter::end_line(std::string_view last, const std::function<void(std::string_view)>& on_line) {
  // Most lines come whole and need no copy.
  const bool is_whole = begun_.empty() && !is_too_long_;
  if (!is_whole) keep(last);
  std::string_view line = is_whole ? last : std::string_view(begun_);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (is_too_long_ || line.size() > longest_) {
    ++left_out_;
  } else {
    on_line(line);
  }
  is_too_long_ = false;
  begun_.clear();
}

}  // namespace studyctl
