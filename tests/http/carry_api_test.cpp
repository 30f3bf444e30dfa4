#include "http/carry_api.h"

#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/temporary_directory.h"
#include "carry/depot.h"
#include "carry/pass.h"
#include "carry/tar.h"

namespace studyctl {
namespace {

class CarryApi : public testing::Test {
 protected:
  CarryApi() {
    std::filesystem::create_directory(results);
    EXPECT_TRUE(depot().open({"r", {{results, true, true}}}));
  }
  Depot depot() const { return *Depot::of(house.depots, "a1"); }
  // As a server asks: who is not admitted is not answered.
  ApiResponse ask(const std::string& method, const std::string& what, const std::string& body = {},
                  std::optional<std::string> pass = {}, const std::string& attempt = "a1") const {
    ApiRequest request;
    request.method = method;
    request.path = kCarryPath + attempt + "/" + what;
    if (const size_t query = request.path.find("?offset="); query != std::string::npos) {
      request.query["offset"] = request.path.substr(query + 8);
      request.path.resize(query);
    }
    request.body = body;
    const auto purpose = what.starts_with("in") ? CarryPurpose::In : CarryPurpose::Out;
    if (!pass) pass = carry_pass(house.key, purpose, attempt);
    if (!pass->empty()) request.headers["authorization"] = "Bearer " + *pass;
    if (auto refused = carry_admission(house)(request)) return *refused;
    return carry_routes(house)(request);
  }

  TemporaryDirectory directory;
  std::filesystem::path results = directory.path() / "results";
  CarryHouse house{directory.path() / "depots", "key"};
};

TEST_F(CarryApi, AnswersNobodyWithoutThePassOfTheAttemptAndTheDirection) {
  for (const auto& [method, what] : std::vector<std::pair<std::string, std::string>>{{"GET", "in?offset=0"},
                                                                                     {"GET", "end"},
                                                                                     {"PUT", "out?offset=0"},
                                                                                     {"POST", "whole"},
                                                                                     {"POST", "failure"}}) {
    EXPECT_EQ(ask(method, what, "", "").status, 403) << what;
    EXPECT_EQ(ask(method, what, "", carry_pass(house.key, CarryPurpose::Out, "a2")).status, 403) << what;
    const auto other = what.starts_with("in") ? CarryPurpose::Out : CarryPurpose::In;
    EXPECT_EQ(ask(method, what, "", carry_pass(house.key, other, "a1")).status, 403) << what;
  }
  EXPECT_FALSE(depot().arrival().failure);
  EXPECT_EQ(ask("GET", "../../studies.db").status, 404);
  EXPECT_EQ(ask("DELETE", "out?offset=0").status, 404);
  EXPECT_EQ(ask("GET", "end", "", {}, "a2").status, 404) << "it is not under way";
}

TEST_F(CarryApi, TakesPiecesAndTheWhole) {
  const std::string archive = tar_end();
  EXPECT_EQ(ask("PUT", "out?offset=0", archive.substr(0, 600)).status, 204);
  EXPECT_EQ(ask("PUT", "out?offset=700", archive.substr(600)).status, 409);
  EXPECT_EQ(ask("PUT", "out?offset=600", archive.substr(600)).status, 204);
  EXPECT_EQ(ask("PUT", "out?offset=x", "").status, 400);
  EXPECT_EQ(ask("PUT", "out", "").status, 400);
  EXPECT_EQ(ask("POST", "whole", "{}").status, 400);
  EXPECT_EQ(ask("POST", "whole", carry_whole_json({5, sha256_hex("x"), {}})).status, 409);
  EXPECT_EQ(ask("PUT", "out?offset=0", archive).status, 204);
  EXPECT_EQ(ask("POST", "whole", carry_whole_json({archive.size(), sha256_hex(archive), {}})).status, 204);
  EXPECT_TRUE(depot().arrival().is_whole);
}

TEST_F(CarryApi, TellsWhoFollowsWhenMainHasEnded) {
  ApiResponse following = ask("GET", "end");
  ASSERT_TRUE(following.more);
  EXPECT_EQ(*following.more(), "\n") << "a sign of life";
  EXPECT_EQ(*following.more(), "");
  ASSERT_TRUE(depot().say_ended());
  EXPECT_EQ(*following.more(), kCarryEnded);
  EXPECT_FALSE(following.more());
}

TEST_F(CarryApi, AFailureIsOneLine) {
  EXPECT_EQ(ask("POST", "failure", "no\nway\x1b[31m").status, 204);
  EXPECT_EQ(depot().arrival().failure->find_first_of("\n\x1b"), std::string::npos);
}

}  // namespace
}  // namespace studyctl
