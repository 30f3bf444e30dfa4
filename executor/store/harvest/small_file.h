#pragma once

#include <string>
#include <string_view>

#include "store/harvest/attempt_directory.h"

namespace studyctl {

// `text` when it has `most` bytes at most, else its two ends with "\n[… 123 bytes left out …]\n" between
// them.
std::string cut_in_the_middle(std::string_view text, size_t most);

// The content of `file`, cut in the middle when it is longer than `most`; what cannot be read is left out.
std::string read_ends(const AttemptDirectory::File& file, size_t most);

// The last `most` bytes of `file`.
std::string read_tail(const AttemptDirectory::File& file, size_t most);

// `text` as lines without control characters; line breaks stay.
std::string printable_lines(std::string_view text);

}  // namespace studyctl
