#include "store/harvest/small_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"

namespace studyctl {
namespace {

std::string read_at(int fd, uint64_t offset, size_t size) {
  std::string bytes(size, '\0');
  size_t filled = 0;
  while (filled < size) {
    const ssize_t got = pread(fd, bytes.data() + filled, size - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    filled += static_cast<size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

// For the words between the two ends.
constexpr size_t kRoomForWords = 64;

std::string left_out(uint64_t bytes) {
  return "\n[… " + std::to_string(bytes) + " bytes left out …]\n";
}

}  // namespace

std::string cut_in_the_middle(std::string_view text, size_t most) {
  if (text.size() <= most) return std::string(text);
  const size_t half = (most - kRoomForWords) / 2;
  return std::string(text.substr(0, half)) + left_out(text.size() - 2 * half) +
         std::string(text.substr(text.size() - half));
}

std::string read_ends(const AttemptDirectory::File& file, size_t most) {
  if (file.size <= most) return read_at(file.fd.get(), 0, file.size);
  const size_t half = (most - kRoomForWords) / 2;
  return read_at(file.fd.get(), 0, half) + left_out(file.size - 2 * half) +
         read_at(file.fd.get(), file.size - half, half);
}

std::string read_tail(const AttemptDirectory::File& file, size_t most) {
  const uint64_t size = std::min<uint64_t>(file.size, most);
  return read_at(file.fd.get(), file.size - size, size);
}

std::string printable_lines(std::string_view text) {
  std::vector<std::string> lines = split(text, '\n');
  for (std::string& line : lines) {
    if (line.ends_with('\r')) line.pop_back();
    line = printable(line);
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return join(lines, "\n");
}

}  // namespace studyctl
