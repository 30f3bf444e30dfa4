#include "engine/kubernetes/access.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/temporary_directory.h"

namespace studyctl {
namespace {

class Access : public ::testing::Test {
 protected:
  Access() {
    std::ofstream(directory_ / "token") << "from-file\n";
    std::ofstream(directory_ / "ca.crt") << "authority";
  }

  KubeconfigFile file(std::string user, const std::string& cluster = "") {
    return {directory_ / "config", R"({"current-context":"dev","clusters":[{"name":"c","cluster":{
        "server":"https://10.0.0.1:6443","certificate-authority":"ca.crt")" +
                                       cluster + R"(}}],
        "users":[{"name":"u","user":{)" +
                                       std::move(user) + R"(}}],
        "contexts":[{"name":"dev","context":{"cluster":"c","user":"u"}},
                    {"name":"lab","context":{"cluster":"c","user":"u","namespace":"studies"}},
                    {"name":"torn","context":{"cluster":"none","user":"u"}}]})"};
  }

  TemporaryDirectory temporary_;
  const std::filesystem::path directory_ = temporary_.path();
};

TEST_F(Access, TakesTheCurrentContextOrTheOneThatIsNamed) {
  const auto current = access_from({file(R"("token":"t")")}, "");
  ASSERT_TRUE(current) << current.error().message;
  EXPECT_EQ(current->address.text(), "https://10.0.0.1:6443");
  EXPECT_EQ(current->address.ca_pem, "authority");
  EXPECT_EQ(current->namespace_name, "default");
  EXPECT_EQ(*current_token(*current), "t");
  const auto named = access_from({file(R"("token":"t")")}, "lab");
  ASSERT_TRUE(named);
  EXPECT_EQ(named->namespace_name, "studies");
}

TEST_F(Access, ReadsCertificatesAndTokensFromTextsAndFiles) {
  const auto access = access_from(
      {file(
          R"("client-certificate-data":"Y2VydA==","client-key-data":"a2V5","tokenFile":"token","token":"t")")},
      "");
  ASSERT_TRUE(access) << access.error().message;
  EXPECT_EQ(access->address.certificate_pem, "cert");
  EXPECT_EQ(access->address.key_pem, "key");
  EXPECT_EQ(*current_token(*access), "from-file");
  std::ofstream(directory_ / "token") << "renewed";
  EXPECT_EQ(*current_token(*access), "renewed");
}

TEST_F(Access, TakesTheFirstOfTwoFilesThatHasAThing) {
  const KubeconfigFile first{directory_ / "first", R"({"current-context":"lab"})"};
  const auto access = access_from({first, file(R"("token":"t")")}, "");
  ASSERT_TRUE(access) << access.error().message;
  EXPECT_EQ(access->namespace_name, "studies");
}

TEST_F(Access, NamesWhatIsWrong) {
  const auto said = [&](const KubeconfigFile& one, const std::string& context) {
    const auto access = access_from({one}, context);
    return access ? "nothing" : access.error().message;
  };
  const std::string path = (directory_ / "config").string();
  EXPECT_EQ(said(file(""), "prod"), path + ": there is no context 'prod' in the kubeconfig");
  EXPECT_EQ(said(file(""), "torn"), path + ": there is no cluster 'none' in the kubeconfig");
  EXPECT_EQ(
      said(file(R"("exec":{})"), ""),
      path + ": exec of a kubeconfig is not supported; use a context with a token or a client certificate");
  EXPECT_EQ(said(file(R"("client-key-data":"?")"), ""), path + ": client-key-data is not base64");
  EXPECT_EQ(said({path, "[]"}, ""), path + ": is no kubeconfig");
  EXPECT_EQ(access_from({}, "").error().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace studyctl
