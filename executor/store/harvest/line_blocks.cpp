#include "store/harvest/line_blocks.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace studyctl {
namespace {

constexpr size_t kBlock = 256u << 10;

bool is_ascii(std::string_view text) {
  size_t i = 0;
  for (uint64_t word = 0; i + sizeof(word) <= text.size(); i += sizeof(word)) {
    std::memcpy(&word, text.data() + i, sizeof(word));
    if (word & 0x8080808080808080u) return false;
  }
  return std::all_of(text.begin() + static_cast<ptrdiff_t>(i), text.end(),
                     [](char c) { return (c & 0x80) == 0; });
}

// \r\n and \r become \n, in place; the new size.
size_t unify_line_ends(char* text, size_t size) {
  char* from = static_cast<char*>(std::memchr(text, '\r', size));
  if (!from) return size;
  char* to = from;
  for (const char* end = text + size; from < end; ++from) {
    if (*from != '\r') {
      *to++ = *from;
    } else if (from + 1 == end || from[1] != '\n') {
      *to++ = '\n';
    }
  }
  return static_cast<size_t>(to - text);
}

}  // namespace

LineBlocks::LineBlocks(ByteSource source)
    : source_(std::move(source)), capacity_(kLongestLine + kBlock), buffer_(new char[capacity_]) {}

Result<std::string_view> LineBlocks::next() {
  std::memmove(buffer_.get(), buffer_.get() + returned_, size_ - returned_);
  size_ -= returned_;
  returned_ = 0;
  const char* last_newline = nullptr;
  while (!ended_ && !last_newline && size_ < kLongestLine) {
    auto got = source_.read(buffer_.get() + size_, kBlock);
    if (!got) return std::move(got).error();
    ended_ = *got == 0;
    last_newline = static_cast<const char*>(memrchr(buffer_.get() + size_, '\n', *got));
    size_ += *got;
  }
  returned_ = last_newline ? static_cast<size_t>(last_newline + 1 - buffer_.get()) : size_;
  // Half of a \r\n must not become a line of its own.
  if (!last_newline && !ended_ && returned_ > 0 && buffer_[returned_ - 1] == '\r') --returned_;
  const std::string_view lines(buffer_.get(), unify_line_ends(buffer_.get(), returned_));
  if (is_ascii(lines)) return lines;
  repaired_ = to_utf8(lines);
  return std::string_view(repaired_);
}

}  // namespace studyctl
