#include "manifest/config_reader.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

TEST(Base64, IsReadWithAndWithoutLineEnds) {
  EXPECT_EQ(from_base64("aGVsbG8="), "hello");
  EXPECT_EQ(from_base64("aGVs\nbG8=\n"), "hello");
  EXPECT_EQ(from_base64("//79/A=="), "\xff\xfe\xfd\xfc");
  EXPECT_EQ(from_base64(""), "");
}

TEST(Base64, IsNothingElse) {
  for (const char* wrong : {"aGVsbG8", "a", "aG=VsbG8=", "====", "aGVs!G8="}) {
    EXPECT_EQ(from_base64(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace studyctl
