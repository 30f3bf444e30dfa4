#include "manifest/secrets.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "manifest/config_reader.h"

namespace studyctl {
namespace {

namespace fs = std::filesystem;

class Secrets : public testing::Test {
 protected:
  Secrets() : root_(fs::path(testing::TempDir()) / ("secrets-" + std::to_string(getpid()))) {
    fs::create_directories(root_ / "s" / "disk");
    fs::create_directories(root_ / "c" / "cfg");
    std::ofstream(root_ / "s" / "disk" / "token") << "from-disk";
    std::ofstream(root_ / "c" / "cfg" / "k") << "config";
  }
  ~Secrets() override { fs::remove_all(root_); }

  SecretLookup lookup() const { return SecretLookup(secrets_, configs_, {root_ / "s", root_ / "c"}); }

  fs::path root_;
  std::vector<SecretDocument> secrets_ = {{"hf", {{"token", "from-document"}, {"other", "x"}}}};
  std::vector<ConfigMapDocument> configs_ = {{"doc", {{"k", "v"}}}};
};

TEST_F(Secrets, ComeFromDocumentsFilesAndTheEnvironment) {
  setenv("STUDYCTL_SECRET_MY_ENV_API_KEY", "from-environment", 1);
  EXPECT_EQ(*lookup().value(SecretReference{"hf", "token"}), "from-document");
  EXPECT_EQ(*lookup().value(SecretReference{"disk", "token"}), "from-disk");
  EXPECT_EQ(*lookup().value(SecretReference{"my-env", "api.key"}), "from-environment");
  EXPECT_EQ(*lookup().value(ConfigReference{"cfg", "k"}), "config");
  EXPECT_EQ(*lookup().value(ConfigReference{"doc", "k"}), "v");
  unsetenv("STUDYCTL_SECRET_MY_ENV_API_KEY");
}

TEST_F(Secrets, ThatAreMissingSayWhereTheyMayComeFrom) {
  const auto missing = lookup().value(SecretReference{"hf", "nope"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
  EXPECT_EQ(missing.error().message,
            "secret hf has no key nope: add a Secret document to the manifest, a file hf/nope below "
            "--secret-dir, or set "
            "STUDYCTL_SECRET_HF_NOPE");
  EXPECT_EQ(lookup().files({true, "none", {}}).error().code, ErrorCode::NotFound);
}

TEST_F(Secrets, FillVolumes) {
  EXPECT_EQ(*lookup().files({true, "hf", {}}),
            (std::map<std::string, std::string>{{"other", "x"}, {"token", "from-document"}}));
  EXPECT_EQ(*lookup().files({true, "disk", {}}),
            (std::map<std::string, std::string>{{"token", "from-disk"}}));
  EXPECT_EQ(*lookup().files({false, "doc", {{"k", "sub/f"}}}),
            (std::map<std::string, std::string>{{"sub/f", "v"}}));
}

TEST_F(Secrets, AreTheSameAfterTheyWereKept) {
  secrets_.push_back({"binary", {{"k", std::string("\0\xff\n---\n", 7)}, {"empty", ""}}});
  const auto again = read_secrets(to_text(secrets_));
  ASSERT_TRUE(again) << again.error().message;
  ASSERT_EQ(again->size(), 2u);
  EXPECT_EQ((*again)[0].data, secrets_[0].data);
  EXPECT_EQ((*again)[1].data, secrets_[1].data);
}

TEST(Base64, IsReadWithAndWithoutLineEnds) {
  EXPECT_EQ(from_base64("aGVsbG8="), "hello");
  EXPECT_EQ(from_base64("aGVs\nbG8=\n"), "hello");
  EXPECT_EQ(from_base64(""), "");
  for (const char* wrong : {"aGVsbG8", "a", "aG=VsbG8=", "====", "aGVs!G8="})
    EXPECT_EQ(from_base64(wrong), std::nullopt) << wrong;
  for (const std::string bytes : {"", "a", "ab", "abc", "\xff\xfe\xfd\xfc"})
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
}

}  // namespace
}  // namespace studyctl
