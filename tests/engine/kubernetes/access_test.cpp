#include "engine/kubernetes/access.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

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

TEST_F(Access, ReadsTheProgramThatGivesCredentials) {
  const auto access = access_from({file(R"("exec":{"apiVersion":"client.authentication.k8s.io/v1beta1",
      "command":"bin/login","args":["--for","lab"],"env":[{"name":"REGION","value":"x"}],"provideClusterInfo":true,
      "interactiveMode":"IfAvailable"})",
                                        R"(,"tls-server-name":"inner")")},
                                  "");
  ASSERT_TRUE(access) << access.error().message;
  ASSERT_TRUE(access->program);
  const Program& program = access->program->program;
  EXPECT_EQ(program.words, (std::vector<std::string>{(directory_ / "bin/login").string(), "--for", "lab"}));
  ASSERT_EQ(program.environment.size(), 2u);
  EXPECT_EQ(program.environment[0], std::pair(std::string("REGION"), std::string("x")));
  EXPECT_EQ(program.environment[1].first, "KUBERNETES_EXEC_INFO");
  EXPECT_EQ(nlohmann::json::parse(program.environment[1].second), nlohmann::json::parse(R"({
      "apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","spec":{"interactive":false,"cluster":{
      "server":"https://10.0.0.1:6443","tls-server-name":"inner","certificate-authority-data":"YXV0aG9yaXR5"}}})"));
  EXPECT_EQ(access->address.tls_name, "inner");
}

TEST_F(Access, ATokenThatStandsThereGoesBeforeAProgram) {
  const auto access = access_from({file(R"("token":"t","exec":{"apiVersion":"?"})")}, "");
  ASSERT_TRUE(access) << access.error().message;
  EXPECT_FALSE(access->program);
}

TEST_F(Access, ActsAsWhomItIsToldTo) {
  const auto access = access_from(
      {file(R"("token":"t","as":"bot","as-groups":["a","b"])", R"(,"proxy-url":"socks5://p:1")")}, "");
  ASSERT_TRUE(access) << access.error().message;
  using Header = std::pair<std::string, std::string>;
  EXPECT_EQ(access->headers,
            (std::vector<Header>{
                {"Impersonate-User", "bot"}, {"Impersonate-Group", "a"}, {"Impersonate-Group", "b"}}));
  EXPECT_EQ(access->address.proxy, "socks5h://p:1");
}

TEST_F(Access, OfTwoEntriesWithOneNameTheFirstFilesCountsWhole) {
  const KubeconfigFile first{directory_ / "first", R"({"users":[{"name":"u","user":{"token":"first"}}]})"};
  const auto access = access_from({first, file(R"("token":"second","as":"bot")")}, "");
  ASSERT_TRUE(access) << access.error().message;
  EXPECT_EQ(access->token, "first");
  EXPECT_TRUE(access->headers.empty());
}

TEST_F(Access, NamesWhatIsWrong) {
  const auto said = [&](const KubeconfigFile& one, const std::string& context) {
    const auto access = access_from({one}, context);
    return access ? "nothing" : access.error().message;
  };
  const std::string path = (directory_ / "config").string();
  EXPECT_EQ(said(file(""), "prod"), path + ": there is no context 'prod' in the kubeconfig");
  EXPECT_EQ(said(file(""), "torn"), path + ": there is no cluster 'none' in the kubeconfig");
  EXPECT_EQ(said(file(R"("exec":{"apiVersion":"client.authentication.k8s.io/v1"})"), ""),
            path + ": exec: has no command");
  EXPECT_EQ(said(file(R"("exec":{"apiVersion":"client.authentication.k8s.io/v1alpha1","command":"x"})"), ""),
            path +
                ": exec: apiVersion is 'client.authentication.k8s.io/v1alpha1'; it must be "
                "client.authentication.k8s.io/v1 or "
                "v1beta1: write the kubeconfig anew with a newer version of what made it");
  EXPECT_EQ(
      said(
          file(
              R"("exec":{"apiVersion":"client.authentication.k8s.io/v1","command":"login","interactiveMode":"Always"})"),
          ""),
      path +
          ": exec: 'login' wants a terminal (interactiveMode: Always), and a run has none: use a context "
          "with a token, "
          "or a program that asks nobody");
  EXPECT_EQ(said(file(R"("username":"ann","password":"x")"), ""),
            path +
                ": username of a kubeconfig is not supported; clusters take no passwords since 1.19: use a "
                "token, a client "
                "certificate or an exec plugin");
  EXPECT_NE(said(file(R"("auth-provider":{"name":"gcp"})"), "").find("use an exec plugin"),
            std::string::npos);
  EXPECT_NE(said(file(R"("as":"root","as-user-extra":{"a":["b"]})"), "").find("as-user-extra"),
            std::string::npos);
  EXPECT_EQ(said(file(R"("token":"t")", R"(,"proxy-url":"ftp://x")"), ""),
            path + ": proxy-url: is 'ftp://x'; it must begin with http://, https:// or socks5://");
  EXPECT_EQ(said(file(R"("client-key-data":"?")"), ""), path + ": client-key-data is not base64");
  EXPECT_EQ(said({path, "[]"}, ""), path + ": is no kubeconfig");
  EXPECT_EQ(access_from({}, "").error().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace studyctl
