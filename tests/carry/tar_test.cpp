#include "carry/tar.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

TarReader reader_of(const std::string& bytes, size_t& at) {
  at = 0;
  return TarReader([&bytes, &at](char* to, size_t size) -> Result<size_t> {
    const size_t now = std::min(size, bytes.size() - at);
    std::copy_n(bytes.data() + at, now, to);
    at += now;
    return now;
  });
}

std::string why_refused(const std::string& bytes) {
  size_t at = 0;
  TarReader reader = reader_of(bytes, at);
  while (true) {
    auto entry = reader.next();
    if (!entry) return entry.error().message;
    if (!*entry) return "";
  }
}

TarEntry a_file(const std::string& path, const std::string& content) {
  TarEntry entry;
  entry.path = path;
  entry.size = content.size();
  return entry;
}

// A header whose byte `at` is something else, with a sum that is right.
std::string with(std::string header, size_t at, const std::string& bytes) {
  std::copy(bytes.begin(), bytes.end(), header.begin() + static_cast<std::ptrdiff_t>(at));
  uint64_t sum = 0;
  for (size_t i = 0; i < kTarBlock; ++i)
    sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(header[i]);
  char text[8];
  std::snprintf(text, sizeof text, "%06llo", static_cast<unsigned long long>(sum));
  std::copy_n(text, 7, header.begin() + 148);
  header[155] = ' ';
  return header;
}

TEST(Tar, GivesBackWhatWasWritten) {
  TarEntry directory, link;
  directory.kind = TarEntry::Kind::Directory;
  directory.path = "0";
  directory.mode = 0750;
  link.kind = TarEntry::Kind::Link;
  link.path = "0/" + std::string(150, 'l');
  link.target = std::string(120, 't');
  TarEntry file = a_file("0/" + std::string(200, 'p') + "\nü", "abc");
  file.modified = 1'700'000'000;
  const std::string bytes = tar_header(directory) + tar_header(file) + "abc" + tar_padding(3) +
                            tar_header(link) + tar_header(a_file("empty", "")) + tar_end();
  size_t at = 0;
  TarReader reader = reader_of(bytes, at);
  auto got = **reader.next();
  EXPECT_EQ(got.kind, TarEntry::Kind::Directory);
  EXPECT_EQ(got.mode, 0750);
  got = **reader.next();
  EXPECT_EQ(got.path, file.path);
  EXPECT_EQ(got.modified, 1'700'000'000);
  EXPECT_EQ(*reader.bytes(2), "ab");
  got = **reader.next();
  EXPECT_EQ(got.target, link.target);
  EXPECT_EQ(got.path, link.path);
  EXPECT_EQ((**reader.next()).path, "empty");
  EXPECT_EQ(*reader.bytes(10), "");
  EXPECT_FALSE(reader.next()->has_value());
}

TEST(Tar, CarriesMoreThanAnOldHeaderCanSay) {
  TarEntry large;
  large.path = "large";
  large.size = uint64_t{10} << 30;
  size_t at = 0;
  const std::string bytes = tar_header(large);
  EXPECT_EQ((**reader_of(bytes, at).next()).size, large.size);
}

TEST(Tar, RefusesWhatIsNeverCarried) {
  const std::string fine = tar_header(a_file("x", ""));
  ASSERT_EQ(why_refused(fine + tar_end()), "");
  for (const char type : {'1', '3', '4', '6', '7', 'g', 'L', 'S', '\0'})
    EXPECT_EQ(why_refused(with(fine, 156, std::string(1, type)) + tar_end()),
              "the archive has what is never carried: a device, a hard link or the like")
        << type;
  EXPECT_NE(why_refused(with(fine, 100, "0004755") + tar_end()).find("setuid"), std::string::npos);
  EXPECT_NE(why_refused(with(fine, 257, "ustar  ") + tar_end()).find("of a kind"), std::string::npos);
  EXPECT_NE(why_refused(with(fine, 345, "prefix") + tar_end()).find("of a kind"), std::string::npos);
  EXPECT_NE(why_refused(with(fine, 124, "77777777777") + tar_end()).find("in its midst"), std::string::npos);
  EXPECT_NE(why_refused(with(fine, 124, "abc") + tar_end()).find("cannot be read"), std::string::npos);
}

TEST(Tar, RefusesWhatIsBrokenOrEndsEarly) {
  const std::string whole = tar_header(a_file("x", "abc")) + "abc" + tar_padding(3) + tar_end();
  for (const size_t length : {size_t{0}, size_t{100}, size_t{512}, size_t{600}, size_t{1024}, size_t{1536}})
    EXPECT_EQ(why_refused(whole.substr(0, length)), "the archive ends in its midst") << length;
  std::string damaged = whole;
  damaged[0] = 'y';
  EXPECT_EQ(why_refused(damaged), "the archive has a header that is damaged");
}

TEST(Tar, RefusesExtendedHeadersThatMeanSomethingElse) {
  TarEntry about = a_file("extended", "");
  const auto extended = [&](const std::string& text) {
    about.size = text.size();
    return with(tar_header(about), 156, "x") + text + tar_padding(text.size()) + tar_header(a_file("x", "")) +
           tar_end();
  };
  EXPECT_EQ(why_refused(extended("10 path=y\n")), "");
  for (const char* text : {"11 uname=y\n", "10 path=y", "99 path=y\n", "0 path=y\n", "x",
                           "18446744073709551615 a=\n", "9 size=x\n", "5\n\n\n\n"})
    EXPECT_NE(why_refused(extended(text)).find("extended header"), std::string::npos) << text;
  EXPECT_NE(why_refused(with(tar_header(about), 156, "x") + tar_end()), "");
}

}  // namespace
}  // namespace studyctl
