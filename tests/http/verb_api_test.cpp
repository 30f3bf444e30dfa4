#include "http/verb_api.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "http/apply_api.h"
#include "store/keep_mark.h"
#include "study/applied_study.h"

namespace studyctl {
namespace {

using Json = nlohmann::json;

// Writes down what it is asked for.
struct FakeDesk : Desk {
  Result<Applied> apply(ApplyRequest request) override {
    applied = std::move(request);
    return answer;
  }
  Result<Applied> again(const std::string& run, AgainRequest request) override {
    told = run;
    wanted = std::move(request);
    return answer;
  }
  Result<void> remove(const std::string& run) override {
    told = run;
    return {};
  }
  Gateway::Answer tell(const std::string& run, const Command& command) override {
    told = run;
    said = command;
    return reply;
  }

  Result<Applied> answer = Applied{Applied::Kind::Created, "nmr", "1", "created"};
  Gateway::Answer reply = std::string("paused");
  ApplyRequest applied;
  AgainRequest wanted;
  std::string told;
  Command said;
};

class VerbApiTest : public testing::Test {
 protected:
  VerbApiTest() : study_(volume_.path()), routes_(changing_routes(volume_.path(), desk_)) {
    study_.succeed(attempt_of(0));
    study_.fail(attempt_of(1), Reason::Error);
  }
  ApiResponse send(const std::string& method, const std::string& path, const std::string& body,
                   const std::map<std::string, std::string>& query = {},
                   const std::string& type = "application/yaml") {
    ApiRequest request;
    request.method = method;
    request.path = "/api/v1/" + path;
    request.body = body;
    request.query = query;
    request.headers["content-type"] = type;
    request.caller = {"ann", Caller::Role::Operator};
    auto response = routes_(request);
    EXPECT_TRUE(response) << path;
    return response.value_or(ApiResponse{});
  }
  ApiResponse verb(const std::string& verb, const std::string& body = "") {
    return send("POST", "studies/nmr/runs/latest:" + verb, body);
  }
  static std::string detail(const ApiResponse& response) {
    return std::to_string(response.status) + " " + Json::parse(response.body).at("detail").get<std::string>();
  }

  TemporaryDirectory volume_;
  AppliedStudy study_;
  FakeDesk desk_;
  ChangingAnswer routes_;
};

TEST_F(VerbApiTest, AVerbIsSaidToTheRunByWhoAsks) {
  const ApiResponse response = verb("pause");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(Json::parse(response.body).at("message"), "paused");
  EXPECT_EQ(desk_.told, study_.run_id());
  EXPECT_EQ(desk_.said.kind, Command::Kind::Pause);
  EXPECT_EQ(desk_.said.who, "ann");
}

TEST_F(VerbApiTest, ACancelIsAcceptedWhileItIsNotOver) {
  desk_.reply = std::string("cancelling: 2 are told to end");
  EXPECT_EQ(verb("cancel", R"({"grace": "2s"})").status, 202);
  EXPECT_EQ(desk_.said.grace, std::chrono::seconds(2));
  desk_.reply = std::string("cancelled");
  EXPECT_EQ(verb("cancel").status, 200);
  desk_.reply = Error{ErrorCode::Conflict, "the run has ended: Cancelled"};
  EXPECT_EQ(detail(verb("cancel")), "409 the run has ended: Cancelled");
}

TEST_F(VerbApiTest, ARetryIsOfWhatIsSelected) {
  EXPECT_EQ(verb("retry", R"({"selection": {"reasons": ["Error"]}})").status, 200);
  ASSERT_EQ(desk_.said.repetitions.size(), 1u);
  EXPECT_EQ(desk_.said.repetitions[0].index, 1u);
  EXPECT_EQ(verb("retry", R"({"selection": {"reasons": ["Timeout"]}})").status, 404);
}

TEST_F(VerbApiTest, WhatIsNotUnderstoodIsSaid) {
  EXPECT_EQ(
      detail(verb("explode")),
      "404 explode: there is no such verb; there is: stop, pause, resume, cancel, retry, skip, again, keep, "
      "unkeep, delete");
  EXPECT_EQ(detail(verb("pause", "{")), "400 the body cannot be read");
  EXPECT_EQ(detail(verb("pause", "[]")), "400 the body is not a JSON object");
  EXPECT_EQ(detail(verb("cancel", R"({"gracce": "2s"})")).substr(0, 30), "400 'gracce' is not known here");
  EXPECT_EQ(detail(verb("retry", R"({"selection": {"colour": "red"}})")).substr(0, 25),
            "400 selection: 'colour' i");
  EXPECT_EQ(send("GET", "studies/nmr/runs/latest:pause", "").status, 405);
  EXPECT_EQ(send("POST", "studies/xray/runs/latest:pause", "").status, 404);
}

TEST_F(VerbApiTest, ARunIsBegunAgainWithWhatIsChosen) {
  const ApiResponse begun =
      verb("again", R"({"cycles": 3, "parallelism": 2, "selection": {"selector": "molecule=water"}})");
  EXPECT_EQ(begun.status, 201) << begun.body;
  EXPECT_EQ(desk_.told, study_.run_id());
  EXPECT_EQ(desk_.wanted.cycles, 3u);
  EXPECT_EQ(desk_.wanted.parallelism, 2u);
  EXPECT_EQ(desk_.wanted.selection.selector, "molecule=water");
  EXPECT_EQ(desk_.wanted.who, "ann");
  EXPECT_EQ(verb("again", R"({"grace": "2s"})").status, 400);
}

TEST_F(VerbApiTest, ARunIsKeptByWhomAndDeleted) {
  EXPECT_EQ(verb("keep", R"({"why": "for the paper"})").status, 200);
  EXPECT_EQ(keep_mark(study_.directory().path()), "by ann: for the paper");
  EXPECT_EQ(verb("unkeep").status, 200);
  EXPECT_FALSE(keep_mark(study_.directory().path()));
  EXPECT_EQ(verb("delete").status, 200);
  EXPECT_EQ(desk_.told, study_.run_id());
}

TEST_F(VerbApiTest, AManifestIsAppliedOrOnlyPlanned) {
  const ApiResponse planned = send("POST", "studies", kNmr, {{"dryRun", "All"}});
  EXPECT_EQ(planned.status, 200) << planned.body;
  EXPECT_EQ(Json::parse(planned.body).at("result"), "planned");
  EXPECT_FALSE(Json::parse(planned.body).at("lines").empty());
  EXPECT_EQ(desk_.applied.study, nullptr);
  const ApiResponse applied = send("POST", "studies", kNmr, {{"fresh", "true"}});
  EXPECT_EQ(applied.status, 201) << applied.body;
  EXPECT_EQ(Json::parse(applied.body).at("run"), "1");
  ASSERT_NE(desk_.applied.study, nullptr);
  EXPECT_TRUE(desk_.applied.fresh);
  EXPECT_FALSE(desk_.applied.is_large_meant);
  EXPECT_EQ(desk_.applied.who, "ann");
}

TEST_F(VerbApiTest, ProblemsOfAManifestHaveTheirPlaces) {
  std::string wrong = kNmr;
  wrong.replace(wrong.find("sweep"), 5, "sweeep");
  const ApiResponse response = send("POST", "studies", wrong);
  EXPECT_EQ(response.status, 422);
  const Json errors = Json::parse(response.body).at("errors");
  ASSERT_FALSE(errors.empty());
  EXPECT_GT(errors[0].at("line").get<int>(), 1);
  EXPECT_EQ(errors[0].at("path"), "spec.sweeep");
}

TEST_F(VerbApiTest, AStudyThatWasReadElsewhereComesWithItsFilesSecretsAndFlags) {
  const std::string content = "molecule\nwater\n";
  const std::string sha256 = sha256_hex(content);
  EXPECT_EQ(send("GET", "inputs/" + sha256, "").status, 404);
  EXPECT_EQ(send("PUT", "inputs/" + sha256, "other").status, 422);
  EXPECT_EQ(send("PUT", "inputs/../lock", "other").status, 422);
  EXPECT_EQ(send("PUT", "inputs/" + sha256, content).status, 201);
  EXPECT_EQ(send("GET", "inputs/" + sha256, "").status, 204);

  SentManifest read{kNmr, "nmr.yaml"};
  const size_t place = read.text.find("  template:");
  ASSERT_NE(place, std::string::npos);
  read.text.insert(place, "  files: {list: {fromFile: list.csv}}\n");
  read.read_input = [&](const std::string&) -> Result<std::string> { return content; };
  const auto study = load_sent(read);
  ASSERT_TRUE(study) << study.error().message;
  (*study)->manifest.secrets.push_back({"hf", {{"token", "s3cret"}}});
  const ApiResponse applied = send("POST", "studies", send_study(**study, {"--cycles=2"}), {}, kSentStudy);
  ASSERT_EQ(applied.status, 201) << applied.body;
  const LoadedStudy& arrived = *desk_.applied.study;
  EXPECT_EQ(arrived.design_hash, (*study)->design_hash);
  EXPECT_EQ(arrived.contents, (*study)->contents);
  EXPECT_EQ(arrived.manifest.secrets.at(0).data.at("token"), "s3cret");
  EXPECT_EQ(desk_.applied.flags, std::vector<std::string>{"--cycles=2"});
  EXPECT_EQ(arrived.manifest.applied_json.find("s3cret"), std::string::npos);
  const auto back = applied_from(applied.status, applied.body);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->message, "created");
}

}  // namespace
}  // namespace studyctl
