#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace studyctl {
namespace {

TEST(Result, HoldsAValueOrAnError) {
  const Result<int> value = 3;
  ASSERT_TRUE(value);
  EXPECT_EQ(*value, 3);
  const Result<int> error = Error{ErrorCode::Conflict, "held"};
  ASSERT_FALSE(error);
  EXPECT_EQ(error.error().code, ErrorCode::Conflict);
}

TEST(Result, GivesAwayWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(3);
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 3);
}

TEST(Result, OfNothingIsSuccessUnlessItIsAnError) {
  EXPECT_TRUE(Result<void>());
  EXPECT_FALSE(Result<void>(Error{ErrorCode::Internal, "bug"}));
}

TEST(ResultDeathTest, LookingAtWhatIsNotThereEndsTheProcess) {
  EXPECT_DEATH((void)Result<int>(3).error(), "");
  EXPECT_DEATH((void)*Result<int>(Error{ErrorCode::Internal, "bug"}), "");
  EXPECT_DEATH((void)Result<void>().error(), "");
}

TEST(Error, GathersWhereItWasOnItsWayUp) {
  Error error{ErrorCode::Invalid, "is -1"};
  EXPECT_EQ(std::move(error).within("limit").within("study.yaml").message, "study.yaml: limit: is -1");
}

}  // namespace
}  // namespace studyctl
