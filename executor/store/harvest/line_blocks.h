#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/harvest/byte_source.h"

namespace studyctl {

// A longer line is read as several.
inline constexpr size_t kLongestLine = 1u << 20;

// A file of an attempt as blocks of whole lines, in memory that does not grow with it. Lines end with \n;
// \r\n and a lone \r (progress bars) are read as \n. Bytes that are not UTF-8 are read as U+FFFD.
class LineBlocks {
 public:
  explicit LineBlocks(ByteSource source);

  // The next lines; only the last of a file may lack its \n. Empty at the end. Good until the next call.
  Result<std::string_view> next();

 private:
  ByteSource source_;
  size_t capacity_;
  std::unique_ptr<char[]> buffer_;
  size_t size_ = 0;      // bytes in buffer_
  size_t returned_ = 0;  // of them returned by the last call
  bool ended_ = false;
  std::string repaired_;
};

}  // namespace studyctl
