#include <gtest/gtest.h>

#include "engine/kubernetes/wire_cluster.h"

// Credentials that a program gives, and a kubeconfig that is written anew.
namespace studyctl {
namespace {

struct CredentialsTest : testing::Test {
  CredentialsTest() {
    CredentialProgram program;
    program.program.words = {"/bin/sh", "-c", "echo . >>" + path("runs") + "; cat " + path("given")};
    program.version = "client.authentication.k8s.io/v1";
    wire.access.program = program;
    gives(R"("token":"one")");
  }
  std::string path(const std::string& name) { return (wire.directory.path() / name).string(); }
  void gives(const std::string& status) {
    std::ofstream(path("given"))
        << R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{)" + status +
               "}}";
  }
  size_t runs() {
    std::error_code failure;
    const auto size = std::filesystem::file_size(path("runs"), failure);
    return failure ? 0 : size / 2;
  }
  static std::string shown(const WireRequest& request) {
    const auto found = request.headers.find("authorization");
    return found == request.headers.end() ? "" : found->second;
  }
  std::string last_shown() { return shown(wire.server.requests().back()); }
  Result<GivenCredentials> read(const std::string& out, int code = 0, const std::string& err = "") {
    ProgramOutput output;
    output.end.exit_code = code;
    output.out = out;
    output.err = err;
    return read_credentials(*wire.access.program, output);
  }
  WireCluster wire;
};

TEST_F(CredentialsTest, AProgramIsAskedOnceForAllCalls) {
  wire.begin();
  wire.start();
  ASSERT_TRUE(wire.until([&] { return wire.server.count(WireCluster::kPost) == 1; }));
  EXPECT_EQ(last_shown(), "Bearer one");
  EXPECT_EQ(runs(), 1u);
}

TEST_F(CredentialsTest, AProgramIsAskedAnewBeforeWhatItGaveIsOver) {
  gives(R"("token":"one","expirationTimestamp":"2026-11-22T00:05:00Z")");
  wire.begin();
  ASSERT_TRUE(wire.until([&] { return wire.server.count(WireCluster::kList) == 1; }));
  wire.clock.advance(std::chrono::seconds(285));
  wire.start();
  ASSERT_TRUE(wire.until([&] { return wire.server.count(WireCluster::kPost) == 1; }));
  EXPECT_EQ(runs(), 1u);
  gives(R"("token":"two","expirationTimestamp":"2026-11-22T01:05:00Z")");
  wire.clock.advance(std::chrono::seconds(10));
  wire.engine->forget({"a1"});
  ASSERT_TRUE(wire.until([&] { return wire.server.count("DELETE *") == 1; }));
  EXPECT_EQ(last_shown(), "Bearer two");
}

TEST_F(CredentialsTest, WhatTheClusterDoesNotKnowIsAskedForAnew) {
  wire.server.on(WireCluster::kPost, [](const WireRequest& request) {
    return Script().answer(shown(request) == "Bearer two" ? 201 : 401, "{}");
  });
  wire.begin();
  wire.start();
  ASSERT_TRUE(wire.until([&] { return !wire.engine->trouble().empty(); }));
  gives(R"("token":"two")");
  ASSERT_TRUE(wire.passes_until([&] { return wire.engine->trouble().empty(); }));
  EXPECT_LE(runs(), 3u);
}

TEST_F(CredentialsTest, AProgramThatFailsIsSaidAndAskedAgain) {
  wire.access.program->program.words = {"/bin/sh", "-c",
                                        "echo . >>" + path("runs") + "; test -e " + path("may") + " && cat " +
                                            path("given") + " || { echo log in first >&2; exit 7; }"};
  wire.begin();
  wire.start();
  ASSERT_TRUE(wire.passes_until([&] { return !wire.engine->trouble().empty(); }));
  EXPECT_EQ(
      wire.engine->trouble(),
      "the cluster: '/bin/sh', which gives the cluster's credentials, failed: exit code 7: log in first");
  EXPECT_LE(runs(), 4u);
  std::ofstream(path("may")) << "";
  ASSERT_TRUE(wire.passes_until([&] { return wire.engine->trouble().empty(); }));
  EXPECT_EQ(wire.server.count(WireCluster::kPost), 1);
}

TEST_F(CredentialsTest, WhatIsNoCredentialIsSaid) {
  const auto fault = [&](const std::string& out) {
    const auto given = read(out);
    return given ? "nothing" : given.error().message;
  };
  const std::string name = "'/bin/sh', which gives the cluster's credentials, ";
  const std::string head =
      R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{)";
  EXPECT_EQ(fault("logged in\n"), name + "printed no ExecCredential with a status");
  EXPECT_EQ(fault(head + "}}"), name + "gave neither a token nor a certificate");
  EXPECT_EQ(fault(head + R"("clientKeyData":"k"}})"),
            name + "gave one of certificate and key, and not the other");
  EXPECT_EQ(fault(head + R"("token":"t","expirationTimestamp":"soon"}})"),
            name + "gave an expirationTimestamp that is no time: soon");
  EXPECT_EQ(
      fault(
          R"({"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","status":{"token":"t"}})"),
      name +
          "answered as 'client.authentication.k8s.io/v1beta1', and the kubeconfig says "
          "client.authentication.k8s.io/v1");
  const auto pair = read(head + R"("clientCertificateData":"c","clientKeyData":"k"}})");
  ASSERT_TRUE(pair) << pair.error().message;
  EXPECT_EQ(pair->certificate_pem, "c");
  wire.access.program->hint = "see the lab's wiki";
  EXPECT_EQ(read_credentials(*wire.access.program, Error{ErrorCode::NotFound, "x"}).error().message,
            name + "is not there: install it: see the lab's wiki");
}

TEST_F(CredentialsTest, AKubeconfigThatIsWrittenAnewIsReadAnew) {
  wire.access.program.reset();
  wire.access.token = "old";
  wire.access.reread = [this]() -> Result<ClusterAccess> {
    ClusterAccess now = wire.access;
    now.token = "new";
    now.namespace_name = "another";
    return now;
  };
  wire.server.on(WireCluster::kPost, [](const WireRequest& request) {
    return Script().answer(shown(request) == "Bearer new" ? 201 : 401, "{}");
  });
  wire.begin();
  wire.start();
  ASSERT_TRUE(wire.passes_until(
      [&] { return !wire.seen.empty() && wire.seen.back().message == "waits for its pod"; }));
  EXPECT_EQ(wire.server.count(WireCluster::kPost), 2);
}

TEST_F(CredentialsTest, ActsAsAnother) {
  wire.access.headers = {{"Impersonate-User", "bot"}};
  wire.begin();
  ASSERT_TRUE(wire.until([&] { return wire.server.count(WireCluster::kList) >= 1; }));
  EXPECT_EQ(wire.server.requests().back().headers.at("impersonate-user"), "bot");
}

}  // namespace
}  // namespace studyctl
