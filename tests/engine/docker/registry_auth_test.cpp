#include "engine/docker/registry_auth.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/hash.h"
#include "base/temporary_directory.h"

namespace studyctl {
namespace {

TEST(ImageReference, IsTakenApart) {
  const ImageReference plain = parse_image_reference("acme/x");
  EXPECT_EQ(plain.registry, "docker.io");
  EXPECT_EQ(plain.repository, "acme/x");
  EXPECT_EQ(plain.tag, "latest");
  const ImageReference ported = parse_image_reference("localhost:5000/x:1.4");
  EXPECT_EQ(ported.registry, "localhost:5000");
  EXPECT_EQ(ported.repository, "localhost:5000/x");
  EXPECT_EQ(ported.tag, "1.4");
  const ImageReference pinned = parse_image_reference("quay.io/a/b@sha256:00ff");
  EXPECT_EQ(pinned.registry, "quay.io");
  EXPECT_EQ(pinned.repository, "quay.io/a/b@sha256:00ff");
  EXPECT_EQ(pinned.tag, "");
}

class RegistryAuth : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    files_.push_back(directory_.path() / name);
    std::ofstream(files_.back()) << text;
  }
  TemporaryDirectory directory_;
  std::vector<std::filesystem::path> files_;
};

TEST_F(RegistryAuth, IsEmptyWhereNobodyLoggedIn) {
  files_.push_back(directory_.path() / "none");
  const auto auth = registry_auth("quay.io", files_);
  ASSERT_TRUE(auth);
  EXPECT_EQ(*auth, "");
}

TEST_F(RegistryAuth, TurnsALoginIntoAHeader) {
  write("config.json", R"({"auths":{"quay.io":{"auth":"bWU6c2U6Y3JldA=="}}})");
  const auto auth = registry_auth("quay.io", files_);
  ASSERT_TRUE(auth);
  EXPECT_EQ(*auth, base64url(R"({"password":"se:cret","serveraddress":"quay.io","username":"me"})"));
}

TEST_F(RegistryAuth, KnowsDockerHubsOldName) {
  write("config.json", R"({"auths":{"https://index.docker.io/v1/":{"identitytoken":"t"}}})");
  const auto auth = registry_auth("docker.io", files_);
  ASSERT_TRUE(auth);
  EXPECT_EQ(*auth, base64url(R"({"identitytoken":"t","serveraddress":"https://index.docker.io/v1/"})"));
}

TEST_F(RegistryAuth, LooksOnInTheNextFile) {
  write("first.json", "this is not json");
  write("second.json", R"({"auths":{"ghcr.io":{"auth":"YTpi"}}})");
  EXPECT_NE(*registry_auth("ghcr.io", files_), "");
}

TEST_F(RegistryAuth, RefusesAHelperByName) {
  write("config.json", R"({"credHelpers":{"gcr.io":"gcloud"}})");
  const auto auth = registry_auth("gcr.io", files_);
  ASSERT_FALSE(auth);
  EXPECT_NE(auth.error().message.find("docker-credential-gcloud"), std::string::npos);
  EXPECT_TRUE(registry_auth("quay.io", files_));
}

TEST_F(RegistryAuth, SaysWhenALoginIsBroken) {
  write("config.json", R"({"auths":{"quay.io":{"auth":"!!"}}})");
  EXPECT_FALSE(registry_auth("quay.io", files_));
}

}  // namespace
}  // namespace studyctl
