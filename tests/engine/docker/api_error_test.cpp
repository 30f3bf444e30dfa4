#include "engine/docker/api_error.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

HttpResponse response(int status, const std::string& body) {
  return {status, body, {}};
}

// engines.md calls them traps: Podman says with 500 what Docker says with 404 and 409.
TEST(Classify, ReadsDockersStatus) {
  EXPECT_EQ(classify(response(201, "{}")), ApiFailure::None);
  EXPECT_EQ(classify(response(304, "")), ApiFailure::None);
  EXPECT_EQ(classify(response(404, R"({"message":"No such container: x"})")), ApiFailure::NoSuchThing);
  EXPECT_EQ(classify(response(404, R"({"message":"No such image: x:1"})")), ApiFailure::NoSuchImage);
  EXPECT_EQ(
      classify(response(
          409, R"({"message":"Conflict. The container name \"/x\" is already in use by container \"1\"."})")),
      ApiFailure::NameTaken);
  EXPECT_EQ(classify(response(409, R"({"message":"You cannot remove a running container"})")),
            ApiFailure::WrongState);
  EXPECT_EQ(classify(response(409, R"({"message":"removal of container x is already in progress"})")),
            ApiFailure::BeingRemoved);
  EXPECT_EQ(classify(response(500, R"({"message":"driver failed"})")), ApiFailure::Other);
}

TEST(Classify, ReadsPodmansCause) {
  EXPECT_EQ(
      classify(response(
          500,
          R"({"cause":"that name is already in use","message":"creating container storage: that name is already in use","response":500})")),
      ApiFailure::NameTaken);
  EXPECT_EQ(classify(response(404, R"({"cause":"image not known","message":"no","response":404})")),
            ApiFailure::NoSuchImage);
  EXPECT_EQ(
      classify(response(
          500,
          R"({"cause":"container state improper","message":"can only kill running containers","response":500})")),
      ApiFailure::WrongState);
  EXPECT_EQ(classify(response(500, R"({"cause":"no such container","message":"x","response":500})")),
            ApiFailure::NoSuchThing);
}

TEST(Classify, SurvivesABodyThatIsNoJson) {
  EXPECT_EQ(classify(response(502, "<html>")), ApiFailure::Other);
}

TEST(FailureMessage, IsOneLineAndNeverEmpty) {
  EXPECT_EQ(failure_message(response(500, R"({"message":"bad\u001b[31m thing\n"})")).find('\x1b'),
            std::string::npos);
  EXPECT_EQ(failure_message(response(500, R"({"cause":"why"})")), "why");
  EXPECT_EQ(failure_message(response(503, "")), "HTTP status 503 without a word");
}

TEST(DeviceFailure, IsToldFromOthers) {
  EXPECT_TRUE(is_device_failure("setting up CDI devices: unresolvable CDI devices nvidia.com/gpu=7"));
  EXPECT_TRUE(is_device_failure("error running hook #0: stderr: nvidia-container-cli: initialization error"));
  EXPECT_FALSE(is_device_failure("exec: \"bench\": executable file not found in $PATH"));
}

}  // namespace
}  // namespace studyctl
