#include "model/study.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

std::vector<std::string> texts_of(const Range& range) {
  Axis axis{{"x"}, range};
  std::vector<std::string> texts;
  for (uint64_t i = 0; i < axis.size(); ++i) texts.push_back(axis.at(i).at(0).text);
  return texts;
}

TEST(Axis, ARangeHasBothEndsInDecimalArithmetic) {
  EXPECT_EQ(texts_of({5, 1, 1, 5}), (std::vector<std::string>{"0.5", "0.6", "0.7", "0.8", "0.9"}));
}

TEST(Axis, ARangeOfWholeNumbersHasNoPoint) {
  EXPECT_EQ(texts_of({8, 4, 0, 3}), (std::vector<std::string>{"8", "12", "16"}));
}

TEST(Axis, ARangeCountsDownThroughZero) {
  EXPECT_EQ(texts_of({10, -5, 1, 5}), (std::vector<std::string>{"1", "0.5", "0", "-0.5", "-1"}));
}

TEST(Axis, ARangeWritesNoZerosAtTheEnd) {
  EXPECT_EQ(texts_of({150, 25, 2, 3}), (std::vector<std::string>{"1.5", "1.75", "2"}));
  EXPECT_EQ(texts_of({100, 100, 0, 2}), (std::vector<std::string>{"100", "200"}));
}

TEST(Axis, ARangeOfSmallNumbersKeepsItsLeadingZeros) {
  EXPECT_EQ(texts_of({-1, 1, 3, 3}), (std::vector<std::string>{"-0.001", "0", "0.001"}));
}

TEST(Axis, ARangeYieldsNumbers) {
  const Axis axis{{"x"}, Range{1, 1, 0, 1}};
  EXPECT_EQ(axis.at(0).at(0).kind, Value::Kind::Number);
}

TEST(Axis, NamesThatMoveTogetherHaveARowEach) {
  const Value fp16{Value::Kind::String, "fp16"}, sixteen{Value::Kind::Number, "16"};
  const Axis axis{{"precision", "bits"}, std::vector<std::vector<Value>>{{fp16, sixteen}}};
  EXPECT_EQ(axis.size(), 1u);
  EXPECT_EQ(axis.at(0), (std::vector<Value>{fp16, sixteen}));
}

}  // namespace
}  // namespace studyctl
