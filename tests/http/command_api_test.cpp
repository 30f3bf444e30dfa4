#include "http/command_api.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/temporary_directory.h"

namespace studyctl {
namespace {

class CommandApiTest : public testing::Test {
 protected:
  ApiResponse post(const std::string& body) {
    ApiRequest request;
    request.method = "POST";
    request.path = kCommandsPath;
    request.body = body;
    return api_.answer(request);
  }

  TemporaryDirectory directory_;
  CommandApi api_{*ResultsVolume::open(directory_.path() / "results")};
};

TEST_F(CommandApiTest, WhatIsNoCommandIsRefused) {
  for (const char* body :
       {"", "[]", "{}", R"({"args": []})", R"({"args": "get"})", R"({"args": [1]})",
        R"({"args": ["get", "a\u0000b"]})", R"({"args": ["get"], "terminal": {"columns": 80}})",
        R"({"args": ["get"], "terminal": {"columns": 0, "rows": 1}})",
        R"({"args": ["get"], "terminal": {"columns": 99999, "rows": 1}})"})
    EXPECT_EQ(post(body).status, 400) << body;
}

TEST_F(CommandApiTest, OnlyPostRunsACommand) {
  ApiRequest request;
  request.method = "GET";
  EXPECT_EQ(api_.answer(request).status, 405);
}

TEST(CommandLineTest, AnyBytesArriveAsTheyWereSaid) {
  const auto said = read_command_line(R"({"stdout":"AP8K","stderr":"aGk="})");
  ASSERT_TRUE(said) << said.error().message;
  EXPECT_EQ(said->out, std::string("\0\xff\n", 3));
  EXPECT_EQ(said->err, "hi");
  EXPECT_EQ(said->exit_code, std::nullopt);
  EXPECT_EQ(read_command_line(R"({"exitCode":3})")->exit_code, 3);
  EXPECT_FALSE(read_command_line("no JSON"));
}

TEST(OnBehalfTest, TheEnvironmentSaysForWhom) {
  unsetenv("STUDYCTL_ON_BEHALF");
  EXPECT_FALSE(on_behalf());
  setenv("STUDYCTL_ON_BEHALF", "operator ann of the lab", 1);
  EXPECT_EQ(on_behalf()->name, "ann of the lab");
  EXPECT_EQ(on_behalf()->role, Caller::Role::Operator);
  setenv("STUDYCTL_ON_BEHALF", "whatever", 1);
  EXPECT_EQ(on_behalf()->role, Caller::Role::Viewer);
  unsetenv("STUDYCTL_ON_BEHALF");
}

}  // namespace
}  // namespace studyctl
