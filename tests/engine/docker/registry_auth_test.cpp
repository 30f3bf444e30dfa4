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
  std::string header(const std::string& registry) {
    const auto login = registry_login(registry, files_);
    return login ? login->header : login.error().message;
  }
  std::string program(const std::string& script) {
    const auto path = directory_.path() / "helper";
    std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path.string();
  }
  static std::string ask(const std::string& helper, const std::string& registry) {
    const auto answer = header_from(helper, registry, run_program(question_to(helper, registry)));
    return answer ? *answer : answer.error().message;
  }
  TemporaryDirectory directory_;
  std::vector<std::filesystem::path> files_;
};

TEST_F(RegistryAuth, IsEmptyWhereNobodyLoggedIn) {
  files_.push_back(directory_.path() / "none");
  EXPECT_EQ(header("quay.io"), "");
}

TEST_F(RegistryAuth, TurnsALoginIntoAHeader) {
  write("config.json", R"({"auths":{"quay.io":{"auth":"bWU6c2U6Y3JldA=="}}})");
  EXPECT_EQ(header("quay.io"),
            base64url(R"({"password":"se:cret","serveraddress":"quay.io","username":"me"})"));
}

TEST_F(RegistryAuth, KnowsDockerHubsOldName) {
  write("config.json", R"({"auths":{"https://index.docker.io/v1/":{"identitytoken":"t"}}})");
  EXPECT_EQ(header("docker.io"),
            base64url(R"({"identitytoken":"t","serveraddress":"https://index.docker.io/v1/"})"));
}

TEST_F(RegistryAuth, LooksOnInTheNextFile) {
  write("first.json", "this is not json");
  write("second.json", R"({"auths":{"ghcr.io":{"auth":"YTpi"}}})");
  EXPECT_NE(header("ghcr.io"), "");
}

TEST_F(RegistryAuth, SaysWhenALoginIsBroken) {
  write("config.json", R"({"auths":{"quay.io":{"auth":"!!"}}})");
  EXPECT_FALSE(registry_login("quay.io", files_));
}

// ---- helpers ----

TEST_F(RegistryAuth, NamesTheHelperOfARegistryBeforeTheOneForAll) {
  write(
      "config.json",
      R"({"auths":{"ghcr.io":{},"quay.io":{"auth":"YTpi"}},"credHelpers":{"gcr.io":"gcloud"},"credsStore":"pass"})");
  EXPECT_EQ(registry_login("gcr.io", files_)->helper, "docker-credential-gcloud");
  EXPECT_EQ(registry_login("ghcr.io", files_)->helper, "docker-credential-pass");
  EXPECT_EQ(registry_login("quay.io", files_)->helper, "");
}

TEST_F(RegistryAuth, AsksAHelperWithTheServerOnItsInput) {
  const std::string helper = program("read server; echo '{\"Username\":\"'$1'\",\"Secret\":\"'$server'\"}'");
  EXPECT_EQ(ask(helper, "quay.io"),
            base64url(R"({"password":"quay.io","serveraddress":"quay.io","username":"get"})"));
}

TEST_F(RegistryAuth, TakesAHelpersTokenForOne) {
  const std::string helper = program("echo '{\"Username\":\"<token>\",\"Secret\":\"t\"}'");
  EXPECT_EQ(ask(helper, "docker.io"),
            base64url(R"({"identitytoken":"t","serveraddress":"https://index.docker.io/v1/"})"));
}

TEST_F(RegistryAuth, PullsWithoutALoginWhenTheHelperKnowsNone) {
  EXPECT_EQ(ask(program("echo credentials not found in native keychain; exit 1"), "quay.io"), "");
}

TEST_F(RegistryAuth, SaysWhyAHelperGaveNone) {
  EXPECT_EQ(ask(program("echo the keychain is locked; exit 3"), "quay.io"),
            "the login of quay.io is kept by " + (directory_.path() / "helper").string() +
                ", which gave none: exit code 3, the keychain is locked");
  EXPECT_NE(ask("docker-credential-nowhere", "quay.io").find("No such file"), std::string::npos);
}

TEST_F(RegistryAuth, NeverShowsWhatAHelperKeeps) {
  EXPECT_EQ(ask(program("echo '{\"Username\":\"me\",\"secret\":\"hunter2\"}'"), "quay.io").find("hunter2"),
            std::string::npos);
}

}  // namespace
}  // namespace studyctl
