#include "cli/remote/client_config.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/fd.h"
#include "base/temporary_directory.h"
#include "cli/remote/server_choice.h"

namespace studyctl {
namespace {

class ClientConfigTest : public testing::Test {
 protected:
  ClientConfigTest() : path_(directory_.path() / "deep" / "config") {
    setenv("STUDYCTL_CONFIG", path_.c_str(), 1);
    for (const char* name : {"STUDYCTL_SERVER", "STUDYCTL_RESULTS", "STUDYCTL_TOKEN"}) unsetenv(name);
  }
  ~ClientConfigTest() override {
    for (const char* name : {"STUDYCTL_CONFIG", "STUDYCTL_SERVER", "STUDYCTL_RESULTS", "STUDYCTL_TOKEN"})
      unsetenv(name);
  }
  void write(const ClientConfig& config) { ASSERT_TRUE(write_client_config(path_, config)); }
  void write_text(const std::string& text) {
    std::filesystem::create_directories(path_.parent_path());
    ASSERT_TRUE(write_file_atomically(path_, text, 0600));
  }
  static ClientConfig two_contexts() {
    ClientConfig config;
    config.current = "lab";
    config.contexts.push_back(
        {"lab", "https://lab.example:8080", "sctl_1", "", "ca.pem", "me.pem", "me.key"});
    config.contexts.push_back({"box", "http://127.0.0.1:8080", "", "", "", "", ""});
    return config;
  }

  TemporaryDirectory directory_;
  std::filesystem::path path_;
};

TEST_F(ClientConfigTest, WhatIsWrittenIsReadAgain) {
  write(two_contexts());
  const auto config = read_client_config(path_);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->current, "lab");
  ASSERT_EQ(config->contexts.size(), 2u);
  EXPECT_EQ(config->find("lab")->token, "sctl_1");
  EXPECT_EQ(config->find("lab")->client_key, "me.key");
  EXPECT_EQ(config->find("box")->server, "http://127.0.0.1:8080");
  EXPECT_EQ(config->find("nowhere"), nullptr);
}

TEST_F(ClientConfigTest, NoFileIsNoContext) {
  const auto config = read_client_config(path_);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_TRUE(config->contexts.empty());
}

TEST_F(ClientConfigTest, ATokenThatOthersMayReadIsRefused) {
  write(two_contexts());
  std::filesystem::permissions(path_, std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  const auto config = read_client_config(path_);
  ASSERT_FALSE(config);
  EXPECT_NE(config.error().message.find("chmod go="), std::string::npos) << config.error().message;
}

TEST_F(ClientConfigTest, AProblemHasItsPlace) {
  write_text("kind: Config\ncontexts:\n  - name: lab\n    sever: http://lab\n");
  const auto config = read_client_config(path_);
  ASSERT_FALSE(config);
  EXPECT_NE(config.error().message.find("config:4:5: contexts[0]: unknown field 'sever'"), std::string::npos)
      << config.error().message;
}

TEST_F(ClientConfigTest, TheFirstThatSaysWhereWins) {
  write(two_contexts());
  const auto address = [](const ServerFlags& flags) {
    const auto server = chosen_server(flags);
    if (!server) return "error: " + server.error().message;
    return *server ? (*server)->address.text() : std::string("here");
  };
  EXPECT_EQ(address({}), "https://lab.example:8080");
  setenv("STUDYCTL_RESULTS", "results", 1);
  EXPECT_EQ(address({}), "here");
  setenv("STUDYCTL_SERVER", "other.example:1", 1);
  EXPECT_EQ(address({}), "http://other.example:1");
  EXPECT_EQ(address({"", "", true}), "here");
  EXPECT_EQ(address({"", "box", false}), "http://127.0.0.1:8080");
  EXPECT_EQ(address({"http://third.example", "", false}), "http://third.example");
  EXPECT_TRUE(address({"http://third.example", "box", false}).starts_with("error: "));
  EXPECT_TRUE(address({"http://third.example", "", true}).starts_with("error: "));
  EXPECT_TRUE(address({"", "nowhere", false}).ends_with("there is: lab, box"));
  EXPECT_TRUE(address({"gopher://lab", "", false}).starts_with("error: --server"));
}

TEST_F(ClientConfigTest, AnAddressHasTheTokenOfItsContext) {
  write(two_contexts());
  const auto header = [](const ServerFlags& flags) {
    const auto server = chosen_server(flags);
    return !server || !*server || (*server)->headers.empty() ? "" : (*server)->headers.front().second;
  };
  EXPECT_EQ(header({"https://lab.example:8080", "", false}), "Bearer sctl_1");
  EXPECT_EQ((*chosen_server({}))->address.ca_file, "ca.pem");
  EXPECT_EQ(header({"http://third.example", "", false}), "");
  setenv("STUDYCTL_TOKEN", "sctl_2", 1);
  EXPECT_EQ(header({}), "Bearer sctl_2");
}

}  // namespace
}  // namespace studyctl
