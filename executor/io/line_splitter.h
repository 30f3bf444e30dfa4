#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace studyctl {

// Bytes in, in any split; whole lines out, without their end ("\n" or "\r\n"). A line longer than `longest`
// is left out and counted, so what a peer sends cannot fill the memory.
class LineSplitter {
 public:
  explicit LineSplitter(size_t longest = 1u << 20) : longest_(longest) {}

  // Calls `on_line` for every line that `bytes` ends. It must not touch this object; the text is valid during
  // the call.
  void feed(std::string_view bytes, const std::function<void(std::string_view)>& on_line);
  // Takes what is left as the last line, if there is something: nothing more will come.
  void finish(const std::function<void(std::string_view)>& on_line);
  uint64_t left_out() const { return left_out_; }

 private:
  void keep(std::string_view piece);
  void end_line(std::string_view last, const std::function<void(std::string_view)>& on_line);

  size_t longest_;
  std::string begun_;         // a line without its end
  bool is_too_long_ = false;  // the line that is coming
  uint64_t left_out_ = 0;
};

}  // namespace studyctl
