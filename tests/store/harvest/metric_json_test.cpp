#include "store/harvest/metric_json.h"

#include <gtest/gtest.h>

#include "store/harvest/attempt_scratch.h"

namespace studyctl {
namespace {

// What `pointer` leads to in `json`, in words.
std::string at(const std::string& json, const std::string& pointer, Take take = Take::First) {
  const AttemptScratch attempt;
  attempt.write("a.json", json);
  ReadBudget budget({});
  auto source = ByteSource::open(attempt.open(), "a.json", budget);
  ValueFold fold(take);
  const auto found = fold_json(*source, pointer, fold);
  if (!found) return found.error().message;
  if (!*found) return "nothing";
  return fold.value() ? std::to_string(*fold.value()) : fold.warning();
}

TEST(MetricJson, FollowsAPointer) {
  const std::string json =
      R"({"a": {"b": 1, "x": {"b": 9}}, "latency": {"p50": 12.5, "all": [{"b": 3}, {"b": -4e1}]}, "b": 7})";
  EXPECT_EQ(at(json, "/latency/p50"), "12.500000");
  EXPECT_EQ(at(json, "/latency/all/1/b"), "-40.000000");
  EXPECT_EQ(at(json, "/b"), "7.000000");
  EXPECT_EQ(at(json, "/a/b"), "1.000000");
  EXPECT_EQ(at(json, "/latency/all/2/b"), "nothing");
  EXPECT_EQ(at(json, "/none"), "nothing");
  EXPECT_EQ(at(json, "/a/b/c"), "nothing");
  EXPECT_EQ(at("42", ""), "42.000000");
}

TEST(MetricJson, KnowsTheEscapesOfPointers) {
  EXPECT_EQ(at(R"({"a/b": {"m~n": 1}, "": 2, "~1": 3})", "/a~1b/m~0n"), "1.000000");
  EXPECT_EQ(at(R"({"a/b": 1, "": 2})", "/"), "2.000000");
  EXPECT_EQ(at(R"({"~1": 3})", "/~01"), "3.000000");
  EXPECT_EQ(at("{}", "a"), "'a' is no JSON pointer");
}

TEST(MetricJson, FoldsTheNumbersOfAnArray) {
  EXPECT_EQ(at(R"({"losses": [3, 1, 2]})", "/losses", Take::Min), "1.000000");
  EXPECT_EQ(at(R"({"losses": [3, 1, 2]})", "/losses", Take::Last), "2.000000");
  EXPECT_EQ(at(R"([1, [5, 6], {"a": 7}, 2])", "", Take::Sum), "3.000000");
  EXPECT_EQ(at(R"({"losses": []})", "/losses", Take::Count), "0.000000");
}

TEST(MetricJson, ReadsOneDocumentAfterAnother) {
  EXPECT_EQ(at("{\"loss\": 3}\n{\"loss\": 2}\n{\"loss\": 1}\n", "/loss", Take::Last), "1.000000");
  EXPECT_EQ(at("{\"loss\": 3}{\"loss\": 2}", "/loss", Take::Sum), "5.000000");
  EXPECT_EQ(at("{\"loss\": 3}\n{\"lo", "/loss", Take::Last), "is not JSON from byte 5 of document 2 on");
}

TEST(MetricJson, ReadsANumberThatIsATextAndNothingElse) {
  EXPECT_EQ(at(R"({"a": "1.5"})", "/a"), "1.500000");
  EXPECT_EQ(at(R"({"a": "fast"})", "/a"), "'fast' is not a finite number");
  EXPECT_EQ(at(R"({"a": null})", "/a"), "'null' is not a finite number");
  EXPECT_EQ(at(R"({"a": true})", "/a"), "'true' is not a finite number");
  EXPECT_EQ(at(R"({"a": {"b": 1}})", "/a"), "is an object, not a number");
}

TEST(MetricJson, ReadsAroundWhatPythonWritesForNoNumber) {
  const std::string json = R"({"bad": NaN, "worse": [-Infinity, Infinity], "text": "NaN - \" I", "a": -1})";
  EXPECT_EQ(at(json, "/a"), "-1.000000");
  EXPECT_EQ(at(json, "/bad"), "'NaN' is not a finite number");
  EXPECT_EQ(at(json, "/worse/0"), "'-Infinity' is not a finite number");
  EXPECT_EQ(at("NaN", ""), "'NaN' is not a finite number");
}

TEST(MetricJson, RefusesWhatIsNotJson) {
  EXPECT_EQ(at("", "/a"), "is empty");
  EXPECT_EQ(at(" \n", "/a"), "is empty");
  EXPECT_EQ(at(R"({"a": 1,)", "/a"), "is not JSON from byte 9 on");
  EXPECT_EQ(at("plain text", "/a"), "is not JSON from byte 1 on");
  EXPECT_EQ(at("{\"a\": \"\xC5\"}", "/a").substr(0, 11), "is not JSON");
  EXPECT_EQ(at("{'a': 1}", "/a").substr(0, 11), "is not JSON");
}

TEST(MetricJson, IsBoundedInDepthAndInStrings) {
  EXPECT_EQ(at(std::string(2'000'000, '['), ""), "is nested more than 1000 deep");
  EXPECT_EQ(at("[\"" + std::string(17u << 20, 'x') + "\"]", ""), "has a string of more than 16.0 MiB");
}

TEST(MetricJson, FindsAValueInADocumentOfMegabytes) {
  std::string json = "{\"samples\": [";
  for (int i = 0; i < 300'000; ++i) json += "{\"id\": " + std::to_string(i) + "},";
  json += "{}], \"score\": 0.5}";
  ASSERT_GT(json.size(), 4'000'000u);
  EXPECT_EQ(at(json, "/score"), "0.500000");
  EXPECT_EQ(at(json, "/samples/299999/id"), "299999.000000");
}

}  // namespace
}  // namespace studyctl
