#include "carry/tar.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>

namespace studyctl {
namespace {

constexpr size_t kName = 100;
constexpr uint64_t kMostOctal = 077777777777;  // 8 GiB - 1
constexpr uint64_t kMostExtended = 64 << 10;
constexpr size_t kMostSkipped = 64 << 10;

// Places in a block.
constexpr size_t kModeAt = 100, kUidAt = 108, kGidAt = 116, kSizeAt = 124, kTimeAt = 136, kSumAt = 148,
                 kTypeAt = 156, kTargetAt = 157, kMagicAt = 257, kPrefixAt = 345, kPrefixEnd = 500;

void put(std::string& block, size_t at, const std::string& text) {
  std::copy(text.begin(), text.end(), block.begin() + static_cast<std::ptrdiff_t>(at));
}

std::string octal(uint64_t number, int digits) {
  char text[24];
  std::snprintf(text, sizeof text, "%0*llo", digits, static_cast<unsigned long long>(number));
  return text;
}

// The bytes of a header, with blanks where their sum stands.
uint64_t sum_of(const std::string& block) {
  uint64_t sum = 0;
  for (size_t i = 0; i < block.size(); ++i)
    sum += i >= kSumAt && i < kSumAt + 8 ? ' ' : static_cast<unsigned char>(block[i]);
  return sum;
}

std::string block_of(const TarEntry& entry, char type, uint64_t size) {
  std::string block(kTarBlock, '\0');
  put(block, 0, entry.path.substr(0, kName));
  put(block, kModeAt, octal(static_cast<uint64_t>(entry.mode & 0777), 7));
  put(block, kUidAt, octal(0, 7));
  put(block, kGidAt, octal(0, 7));
  put(block, kSizeAt, octal(std::min(size, kMostOctal), 11));
  put(block, kTimeAt,
      octal(std::min(static_cast<uint64_t>(std::max<int64_t>(entry.modified, 0)), kMostOctal), 11));
  block[kTypeAt] = type;
  put(block, kTargetAt, entry.target.substr(0, kName));
  put(block, kMagicAt, std::string("ustar\0", 6) + "00");
  put(block, kSumAt, octal(sum_of(block), 6) + std::string("\0 ", 2));
  return block;
}

// "<length> <key>=<value>\n", where the length counts itself.
std::string record_of(const std::string& key, const std::string& value) {
  const size_t bare = key.size() + value.size() + 3;
  size_t length = bare + std::to_string(bare).size();
  length = bare + std::to_string(length).size();
  return std::to_string(length) + " " + key + "=" + value + "\n";
}

std::optional<uint64_t> number_in(const std::string& block, size_t at, size_t width) {
  uint64_t number = 0;
  const char* const from = block.data() + at;
  const auto [end, error] = std::from_chars(from, from + width, number, 8);
  const bool is_whole = std::all_of(end, from + width, [](char c) { return c == '\0' || c == ' '; });
  return error == std::errc() && is_whole ? std::optional(number) : std::nullopt;
}

std::string text_in(const std::string& block, size_t at, size_t width) {
  const std::string text = block.substr(at, width);
  return text.substr(0, text.find('\0'));
}

Error broken(const std::string& what) {
  return {ErrorCode::Invalid, "the archive " + what};
}

uint64_t padding_of(uint64_t size) {
  return (kTarBlock - size % kTarBlock) % kTarBlock;
}

}  // namespace

std::string tar_header(const TarEntry& entry) {
  using Kind = TarEntry::Kind;
  const char type = entry.kind == Kind::File ? '0' : entry.kind == Kind::Directory ? '5' : '2';
  std::string more;
  if (entry.path.size() > kName) more += record_of("path", entry.path);
  if (entry.target.size() > kName) more += record_of("linkpath", entry.target);
  if (entry.size > kMostOctal) more += record_of("size", std::to_string(entry.size));
  std::string header;
  if (!more.empty()) {
    TarEntry about;
    about.path = "extended";
    header = block_of(about, 'x', more.size()) + more + tar_padding(more.size());
  }
  return header + block_of(entry, type, entry.size);
}

std::string tar_padding(uint64_t size) {
  return std::string(padding_of(size), '\0');
}

std::string tar_end() {
  return std::string(2 * kTarBlock, '\0');
}

Result<std::string> TarReader::exactly(size_t size) {
  std::string bytes(size, '\0');
  const auto got = read_(bytes.data(), size);
  if (!got) return got.error();
  if (*got != size) return broken("ends in its midst");
  return bytes;
}

Result<void> TarReader::skip_rest() {
  for (uint64_t rest = left_ + padding_; rest > 0;) {
    const size_t now = static_cast<size_t>(std::min<uint64_t>(rest, kMostSkipped));
    if (auto skipped = exactly(now); !skipped) return std::move(skipped).error();
    rest -= now;
  }
  left_ = padding_ = 0;
  return {};
}

Result<TarReader::Extended> TarReader::extended(uint64_t size) {
  if (size == 0 || size > kMostExtended) return broken("has an extended header of an absurd size");
  auto text = exactly(static_cast<size_t>(size + padding_of(size)));
  if (!text) return std::move(text).error();
  text->resize(static_cast<size_t>(size));
  Extended found;
  for (size_t at = 0; at < text->size();) {
    size_t length = 0;
    const char* const from = text->data() + at;
    const auto [end, error] = std::from_chars(from, text->data() + text->size(), length);
    const size_t digits = static_cast<size_t>(end - from);
    if (error != std::errc() || length > text->size() - at || length < digits + 4 || *end != ' ' ||
        from[length - 1] != '\n')
      return broken("has an extended header that cannot be read");
    const std::string record(end + 1, from + length - 1);
    const size_t equals = record.find('=');
    const std::string key = record.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : record.substr(equals + 1);
    uint64_t number = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), number);
    if (key == "path") {
      found.path = value;
    } else if (key == "linkpath") {
      found.target = value;
    } else if (key == "size" && read.ec == std::errc() && read.ptr == value.data() + value.size()) {
      found.size = number;
    } else {
      return broken("has an extended header that is never carried");
    }
    at += length;
  }
  return found;
}

Result<TarEntry> TarReader::entry_of(const std::string& block, const Extended& extended) {
  TarEntry entry;
  switch (block[kTypeAt]) {
    case '0': entry.kind = TarEntry::Kind::File; break;
    case '5': entry.kind = TarEntry::Kind::Directory; break;
    case '2': entry.kind = TarEntry::Kind::Link; break;
    default: return broken("has what is never carried: a device, a hard link or the like");
  }
  const auto mode = number_in(block, kModeAt, 8), size = number_in(block, kSizeAt, 12),
             modified = number_in(block, kTimeAt, 12);
  if (!mode || !size || !modified) return broken("has a header that cannot be read");
  if (*mode > 0777) return broken("has a file with special permissions (setuid and the like)");
  entry.mode = static_cast<int>(*mode);
  entry.size = extended.size.value_or(*size);
  entry.modified = static_cast<int64_t>(*modified);
  entry.path = extended.path.value_or(text_in(block, 0, kName));
  entry.target = extended.target.value_or(text_in(block, kTargetAt, kName));
  if (entry.kind == TarEntry::Kind::Directory && entry.path.ends_with('/')) entry.path.pop_back();
  const bool is_file = entry.kind == TarEntry::Kind::File;
  if (!is_file && entry.size != 0) return broken("has bytes of what is no file");
  if (entry.target.empty() != (entry.kind != TarEntry::Kind::Link)) return broken("has a link to nowhere");
  if (entry.path.find('\0') != std::string::npos || entry.target.find('\0') != std::string::npos)
    return broken("has a name with a zero byte");
  return entry;
}

Result<std::optional<TarEntry>> TarReader::next() {
  if (auto skipped = skip_rest(); !skipped) return std::move(skipped).error();
  Extended more;
  bool has_more = false;
  while (true) {
    auto block = exactly(kTarBlock);
    if (!block) return std::move(block).error();
    if (block->find_first_not_of('\0') == std::string::npos) {
      auto last = exactly(kTarBlock);
      if (!last) return std::move(last).error();
      if (has_more || last->find_first_not_of('\0') != std::string::npos) return broken("ends in its midst");
      return std::optional<TarEntry>();
    }
    const auto sum = number_in(*block, kSumAt, 8);
    if (!sum || *sum != sum_of(*block)) return broken("has a header that is damaged");
    const bool is_ours = std::memcmp(block->data() + kMagicAt, "ustar\00000", 8) == 0 &&
                         text_in(*block, kPrefixAt, kPrefixEnd - kPrefixAt).empty();
    if (!is_ours) return broken("is of a kind that is never carried");
    if ((*block)[kTypeAt] == 'x' && !has_more) {
      auto read = extended(number_in(*block, kSizeAt, 12).value_or(0));
      if (!read) return std::move(read).error();
      more = *std::move(read);
      has_more = true;
      continue;
    }
    auto entry = entry_of(*block, more);
    if (!entry) return std::move(entry).error();
    left_ = entry->size;
    padding_ = padding_of(entry->size);
    return std::optional(*std::move(entry));
  }
}

Result<std::string> TarReader::bytes(size_t most) {
  const size_t now = static_cast<size_t>(std::min<uint64_t>(left_, most));
  auto read = exactly(now);
  if (read) left_ -= now;
  return read;
}

}  // namespace studyctl
