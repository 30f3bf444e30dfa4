#include "http/study_answers.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "store/keep_mark.h"
#include "study/applied_study.h"

namespace studyctl {
namespace {

using Json = nlohmann::json;

class StudyAnswersTest : public testing::Test {
 protected:
  StudyAnswersTest() : study_(results_.path()), answers_(results_.path()) {}

  ApiResponse get(const std::string& tag = "") {
    ApiRequest request;
    request.method = "GET";
    if (!tag.empty()) request.headers["if-none-match"] = tag;
    return answers_.answer("nmr", request);
  }
  Json answer() { return Json::parse(get().body); }

  TemporaryDirectory results_;
  AppliedStudy study_;
  StudyAnswers answers_;
};

TEST_F(StudyAnswersTest, TellAllThatWasCommittedBefore) {
  for (uint64_t index = 0; index < 4; ++index) {
    EXPECT_EQ(answer().at("counts").at("Succeeded"), index);
    study_.succeed(attempt_of(index), -76.5);
    EXPECT_EQ(answer().at("counts").at("Succeeded"), index + 1);
  }
}

TEST_F(StudyAnswersTest, TellOfWhatLiesBesideTheDatabase) {
  EXPECT_EQ(answer().at("latest").at("kept"), false);
  ASSERT_TRUE(set_keep_mark(study_.volume(), study_.directory().path(), "for me"));
  EXPECT_EQ(answer().at("latest").at("kept"), true);
  ASSERT_TRUE(clear_keep_mark(study_.volume(), study_.directory().path()));
  EXPECT_EQ(answer().at("latest").at("kept"), false);
  EXPECT_EQ(answer().at("state"), "Interrupted");
  {
    const auto lock = study_.volume().lock(this_holder("nmr", study_.run_id()));
    ASSERT_TRUE(lock);
    EXPECT_EQ(answer().at("state"), "Running");
  }
  EXPECT_EQ(answer().at("state"), "Interrupted");
}

TEST_F(StudyAnswersTest, AreNotSentAgainToWhoHasThem) {
  const auto tag_of = [](const ApiResponse& response) {
    for (const auto& [name, value] : response.headers)
      if (name == "ETag") return value;
    return std::string();
  };
  const ApiResponse first = get();
  EXPECT_EQ(get(tag_of(first)).status, 304);
  study_.succeed(attempt_of(0), -76.5);
  EXPECT_EQ(get(tag_of(first)).status, 200);
}

}  // namespace
}  // namespace studyctl
