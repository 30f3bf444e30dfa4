#include "base/hash.h"

#include <gtest/gtest.h>

#include <set>

namespace studyctl {
namespace {

TEST(Sha256Hex, IsTheStandardsDigest) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, IsTheSameInPieces) {
  Sha256 hash;
  hash.update("a");
  hash.update("");
  hash.update("bc");
  EXPECT_EQ(hash.hex(), sha256_hex("abc"));
}

// With h for each hex digit.
std::string form_of(std::string text) {
  for (char& c : text) {
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) c = 'h';
  }
  return text;
}

// RFC 4231, test cases 1, 2 and 6.
TEST(HmacSha256, IsTheStandardsCode) {
  EXPECT_EQ(to_base64(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
            "sDRMYdjbOFNcqK/OrwvxK4gdwgDJgz2nJuk3bC4yz/c=");
  EXPECT_EQ(to_base64(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=");
  EXPECT_EQ(to_base64(hmac_sha256(std::string(131, '\xaa'),
                                  "Test Using Larger Than Block-Size Key - Hash Key First")),
            "YOQxWR7gtn8Niiaqy/W3f44LxiE3KMUUBUYEDw7jf1Q=");
}

TEST(RandomUuid, IsAVersionFourUuidAndNeverTheSame) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string uuid = random_uuid();
    EXPECT_EQ(form_of(uuid), "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh") << uuid;
    EXPECT_EQ(uuid[14], '4') << uuid;
    EXPECT_NE(std::string_view("89ab").find(uuid[19]), std::string_view::npos) << uuid;
    EXPECT_TRUE(seen.insert(uuid).second) << uuid;
  }
}

TEST(Base64Url, NeedsNoEscapingAnywhere) {
  EXPECT_EQ(base64url(""), "");
  EXPECT_EQ(base64url("f"), "Zg");
  EXPECT_EQ(base64url("fo"), "Zm8");
  EXPECT_EQ(base64url("foo"), "Zm9v");
  EXPECT_EQ(base64url("\xfb\xff\xfe"), "-__-");
}

TEST(Base64, IsReadWithAndWithoutLineEnds) {
  EXPECT_EQ(from_base64("aGVsbG8="), "hello");
  EXPECT_EQ(from_base64("aGVs\nbG8=\n"), "hello");
  EXPECT_EQ(from_base64("//79/A=="), "\xff\xfe\xfd\xfc");
  EXPECT_EQ(from_base64(""), "");
}

TEST(Base64, IsNothingElse) {
  for (const char* wrong : {"aGVsbG8", "a", "aG=VsbG8=", "====", "aGVs!G8=", "aG=b", "aGVs----", "-_-_"}) {
    EXPECT_EQ(from_base64(wrong), std::nullopt) << wrong;
  }
}

TEST(Base64, IsWrittenAsItIsRead) {
  for (const std::string bytes : {"", "f", "fo", "foo", "\xfb\xff\xfe"}) {
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
  }
}

TEST(Hash, APrefixIsTheFirstSixteenDigitsAsANumber) {
  EXPECT_EQ(sha256_prefix("abc"), 0xba7816bf8f01cfeau);
}

}  // namespace
}  // namespace studyctl
