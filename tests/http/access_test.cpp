#include "http/access.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/fd.h"
#include "base/temporary_directory.h"

namespace studyctl {
namespace {

class AccessTest : public testing::Test {
 protected:
  AccessTest() {
    write({new_token("ann", Caller::Role::Operator), new_token("bob", Caller::Role::Viewer)});
    access_ = *Access::open(file_);
  }
  void write(std::vector<NewToken> tokens) {
    std::string text = "# who may\n\n";
    for (const NewToken& token : tokens) text += token.line + "  # a comment\n";
    ASSERT_TRUE(write_file_atomically(file_, text, 0600));
    // What was written within a tick of the file system's clock would not be seen to have changed.
    std::filesystem::last_write_time(file_,
                                     std::filesystem::file_time_type(std::chrono::seconds(++written_)));
    tokens_ = std::move(tokens);
  }
  // The status of the refusal, and 200 where there is none.
  int ask(const std::string& method, const std::string& authorization) {
    request_ = {};
    request_.method = method;
    if (!authorization.empty()) request_.headers["authorization"] = authorization;
    const auto refused = access_->refuse(request_);
    return refused ? refused->status : 200;
  }

  TemporaryDirectory directory_;
  std::filesystem::path file_ = directory_.path() / "tokens";
  int written_ = 0;
  std::vector<NewToken> tokens_;
  std::unique_ptr<Access> access_;
  ApiRequest request_;
};

TEST_F(AccessTest, AnOperatorMayDoAnythingAndAViewerLook) {
  EXPECT_EQ(ask("POST", "Bearer " + tokens_[0].token), 200);
  EXPECT_EQ(request_.caller.name, "ann");
  EXPECT_EQ(request_.caller.role, Caller::Role::Operator);
  EXPECT_EQ(ask("GET", "Bearer " + tokens_[1].token), 200);
  EXPECT_EQ(request_.caller.name, "bob");
  EXPECT_EQ(ask("POST", "Bearer " + tokens_[1].token), 403);
}

TEST_F(AccessTest, ACertificateThatWasCheckedStandsForAToken) {
  access_ = Access::of_certificates();
  const auto as = [&](const char* method, std::optional<Peer> peer) {
    request_ = {};
    request_.method = method;
    request_.peer = std::move(peer);
    const auto refused = access_->refuse(request_);
    return refused ? refused->status : 200;
  };
  EXPECT_EQ(as("POST", Peer{"ann", {"lab", "operator"}}), 200);
  EXPECT_EQ(request_.caller.name, "ann");
  EXPECT_EQ(as("GET", Peer{"bob", {"lab"}}), 200);
  EXPECT_EQ(as("POST", Peer{"bob", {"lab"}}), 403);
  EXPECT_EQ(as("GET", std::nullopt), 401);
}

TEST_F(AccessTest, WithoutAKnownTokenNobodyIsLetIn) {
  EXPECT_EQ(ask("GET", ""), 401);
  EXPECT_EQ(ask("GET", "Basic " + tokens_[0].token), 401);
  EXPECT_EQ(ask("GET", "Bearer "), 401);
  EXPECT_EQ(ask("GET", "Bearer " + tokens_[0].token + "0"), 401);
  EXPECT_EQ(ask("GET", "Bearer " + tokens_[0].line), 401);
}

TEST_F(AccessTest, ManyWrongTokensAreAnsweredLater) {
  int last = 0;
  for (int i = 0; i < 30; ++i) last = ask("GET", "Bearer wrong");
  EXPECT_EQ(last, 429);
}

TEST_F(AccessTest, TheFileHoldsNoToken) {
  EXPECT_EQ(read_file(file_)->find(tokens_[0].token), std::string::npos);
}

TEST_F(AccessTest, AChangedFileIsReadAgainAndAWrongOneChangesNothing) {
  const std::string old = tokens_[0].token;
  write({new_token("eve", Caller::Role::Viewer)});
  EXPECT_EQ(ask("GET", "Bearer " + old), 401);
  EXPECT_EQ(ask("GET", "Bearer " + tokens_[0].token), 200);
  ASSERT_TRUE(write_file_atomically(file_, "eve root 1234\n", 0600));
  EXPECT_EQ(ask("GET", "Bearer " + tokens_[0].token), 200);
}

TEST_F(AccessTest, AFileThatIsNotUnderstoodIsRefusedWithItsLine) {
  ASSERT_TRUE(write_file_atomically(file_, "ann operator\n", 0600));
  const auto access = Access::open(file_);
  ASSERT_FALSE(access);
  EXPECT_EQ(access.error().code, ErrorCode::Invalid);
  EXPECT_NE(access.error().message.find("tokens:1: wants a name, viewer or operator"), std::string::npos);
}

TEST_F(AccessTest, AFileThatOthersMayWriteIsRefused) {
  std::filesystem::permissions(file_, std::filesystem::perms(0666));
  EXPECT_NE(Access::open(file_).error().message.find("others may write it"), std::string::npos);
}

TEST(AccessOfLoopback, EverybodyMayLookAndNobodyChangesAnything) {
  const auto access = Access::of_loopback();
  ApiRequest request;
  request.method = "GET";
  EXPECT_FALSE(access->refuse(request));
  request.method = "POST";
  EXPECT_EQ(access->refuse(request)->status, 403);
}

}  // namespace
}  // namespace studyctl
