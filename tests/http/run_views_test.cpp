#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "http/api.h"
#include "study/applied_study.h"

namespace studyctl {
namespace {

using Json = nlohmann::json;
using Query = std::map<std::string, std::string>;

// Two molecules × two charges, two cycles each: one succeeded in both, one failed twice, one runs, one waits.
class RunViewsTest : public testing::Test {
 protected:
  RunViewsTest() : study_(volume_.path()), routes_(api_routes(volume_.path())) {
    study_.succeed(attempt_of(0), -76.0);
    study_.succeed(attempt_of(0, 2), -78.0);
    study_.fail(attempt_of(1), Reason::Error, Verdict::Retry);
    study_.fail(attempt_of(1, 1, 2), Reason::Timeout);
    study_.start(attempt_of(2));
    study_.command("ada@box", "pause");
  }

  ApiResponse ask(const std::string& what, const Query& query = {}, const Query& headers = {}) {
    ApiRequest request;
    request.method = "GET";
    request.path = "/api/v1/studies/nmr/runs/latest/" + what;
    request.query = query;
    request.headers = headers;
    return routes_(request);
  }
  Json get(const std::string& what, const Query& query = {}) {
    const ApiResponse response = ask(what, query);
    EXPECT_EQ(response.status, 200) << response.body;
    return Json::parse(response.body);
  }
  // "1 Failed, 1 Waiting" of a cell.
  static std::string words(const Json& page, size_t cell) {
    std::string text;
    const Json& flat = page.at("cells").at(cell);
    for (size_t i = 0; i < flat.size(); i += 2)
      text += (text.empty() ? "" : ", ") + flat[i + 1].dump() + " " +
              page.at("states").at(flat[i].get<size_t>()).get<std::string>();
    return text;
  }

  TemporaryDirectory volume_;
  AppliedStudy study_;
  Server::Answer routes_;
};

TEST_F(RunViewsTest, AGridHasEveryExperimentInTheOrderOfThePlan) {
  const Json page = get("grid");
  EXPECT_EQ(page.at("total"), 4);
  EXPECT_EQ(words(page, 0), "2 Succeeded");
  EXPECT_EQ(words(page, 1), "1 Waiting, 1 Failed");
  EXPECT_EQ(words(page, 2), "1 Waiting, 1 Running");
  EXPECT_EQ(words(page, 3), "2 Waiting");
  EXPECT_EQ(words(get("grid", {{"from", "3"}}), 0), "2 Waiting");
  EXPECT_EQ(get("grid", {{"from", "9"}}).at("cells").size(), 0u);
  EXPECT_EQ(get("grid", {{"x", ""}, {"y", "charge"}}), page);  // no axis is named
}

TEST_F(RunViewsTest, AGridOverTwoParametersHasARowForEachValueOfTheSecond) {
  const Json page = get("grid", {{"x", "charge"}, {"y", "molecule"}});
  EXPECT_EQ(page.at("x").at("labels"), Json({"0", "1"}));
  EXPECT_EQ(page.at("y").at("labels"), Json({"water", "methane"}));
  EXPECT_EQ(words(page, 0), "2 Succeeded");
  EXPECT_EQ(words(page, 3), "2 Waiting");
  EXPECT_EQ(page.at("size"), Json({1, 1, 1, 1}));
  const Json row = get("grid", {{"x", "charge"}, {"y", "molecule"}, {"yFrom", "1"}});
  EXPECT_EQ(row.at("y").at("labels"), Json({"methane"}));
  EXPECT_EQ(row.at("first"), Json({2, 3}));
}

TEST_F(RunViewsTest, AGridOverOneParameterGathersTheOthers) {
  const Json page = get("grid", {{"x", "molecule"}});
  EXPECT_EQ(page.at("size"), Json({2, 2}));
  EXPECT_EQ(words(page, 0), "1 Waiting, 2 Succeeded, 1 Failed");
}

TEST_F(RunViewsTest, AGridByAMetricHasItsMeansAndTheirRange) {
  const Json page = get("grid", {{"metric", "energy"}});
  EXPECT_EQ(page.at("values"), Json({-77.0, nullptr, nullptr, nullptr}));
  EXPECT_EQ(page.at("range"), Json({-77.0, -77.0}));
  EXPECT_FALSE(get("grid").contains("values"));
}

TEST_F(RunViewsTest, AGridFollowsTheRun) {
  EXPECT_EQ(words(get("grid"), 3), "2 Waiting");
  study_.start(attempt_of(3));
  // It is read again at the latest five times as long after as reading it took.
  for (int look = 0; look < 1000 && words(get("grid"), 3) == "2 Waiting"; ++look) {}
  EXPECT_EQ(words(get("grid"), 3), "1 Waiting, 1 Running");
}

TEST_F(RunViewsTest, AnExperimentIsFoundByItsPlaceInThePlan) {
  const Json found = get("plan", {{"index", "3"}});
  EXPECT_EQ(found.at("experiment"), study_.id(3));
  EXPECT_EQ(found.at("parameters"), Json({{"molecule", "methane"}, {"charge", 1}}));
  EXPECT_EQ(ask("plan", {{"index", "4"}}).status, 404);
}

TEST_F(RunViewsTest, WhatAGridIsAskedWronglyIsRefused) {
  EXPECT_EQ(ask("grid", {{"x", "colour"}}).status, 400);
  EXPECT_EQ(ask("grid", {{"from", "first"}}).status, 400);
  EXPECT_EQ(ask("grid", {{"count", "1000000"}}).status, 400);
}

TEST_F(RunViewsTest, TheTimelineHasWhatRanAndWhatRuns) {
  const Json line = get("timeline");
  std::map<std::string, int> states;
  for (const Json& span : line.at("spans")) ++states[span.at("state").get<std::string>()];
  EXPECT_EQ(states,
            (std::map<std::string, int>{{"Succeeded", 2}, {"Retry", 1}, {"Failed", 1}, {"Running", 1}}));
  EXPECT_GE(line.at("lanes").size(), 1u);
  EXPECT_EQ(get("timeline", {{"from", "100000"}, {"to", "100001"}}).at("spans").size(), 0u);
  EXPECT_EQ(ask("timeline", {{"from", "9"}, {"to", "1"}}).status, 400);
}

TEST_F(RunViewsTest, ResultsAreThoseOfTheCommandLine) {
  const Json list = get("results", {{"by", "molecule"}});
  ASSERT_EQ(list.at("items").size(), 1u);
  const Json& row = list.at("items")[0];
  EXPECT_EQ(row.at("parameters"), Json({{"molecule", "water"}}));
  EXPECT_EQ(row.at("mean"), -77.0);
  EXPECT_EQ(row.at("n"), 2);
  EXPECT_EQ(row.at("mean_ci95").size(), 2u);
  EXPECT_EQ(list.at("groups"), 1);
  EXPECT_EQ(ask("results", {{"limit", "0"}}).status, 400);
  EXPECT_EQ(ask("results", {{"by", "colour"}}).status, 400);
  EXPECT_EQ(ask("results", {{"baseline", "water"}}).status, 400);
  EXPECT_EQ(ask("results", {{"colour", "red"}}).status, 400);
}

TEST_F(RunViewsTest, WhoDidWhatIsTold) {
  const Json items = get("commands").at("items");
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0].at("who"), "ada@box");
  EXPECT_EQ(items[0].at("command"), "pause");
}

TEST_F(RunViewsTest, TheManifestIsThereAsYaml) {
  const std::string yaml = get("manifest").at("yaml");
  EXPECT_TRUE(read_manifest(yaml, "study.yaml")) << yaml;
}

TEST_F(RunViewsTest, TheChangesBetweenTwoRunsAreSaid) {
  EXPECT_EQ(get("changes", {{"since", "latest"}}).at("experiments").at("same"), 4);
  EXPECT_EQ(ask("changes").status, 400);
  EXPECT_EQ(ask("changes", {{"since", "2020-01-01_00-00-00"}}).status, 404);
}

TEST_F(RunViewsTest, ALogIsReadInOrderAndGoneOnWith) {
  study_.say(attempt_of(2), LogStream::Stdout, "one\n");
  study_.say(attempt_of(2), LogStream::Stderr, "two\n");
  const Json page = get("log", {{"experiment", study_.id(2)}});
  ASSERT_EQ(page.at("items").size(), 2u);
  EXPECT_EQ(page.at("items")[1].at("stream"), "stderr");
  EXPECT_EQ(page.at("items")[1].at("text"), "two\n");
  EXPECT_EQ(page.at("metadata").at("ended"), false);
  const std::string next = page.at("metadata").at("continue");
  study_.say(attempt_of(2), LogStream::Stdout, "three\n");
  const Json more = get("log", {{"experiment", study_.id(2)}, {"continue", next}});
  ASSERT_EQ(more.at("items").size(), 1u);
  EXPECT_EQ(more.at("items")[0].at("text"), "three\n");
  EXPECT_EQ(get("log", {{"experiment", study_.id(1)}, {"attempt", "1"}}).at("metadata").at("ended"), true);
}

TEST_F(RunViewsTest, AFollowedLogEndsWithItsAttemptAndGoesOnWhereItBrokeOff) {
  const Query whose = {{"experiment", study_.id(0)}, {"follow", "true"}};
  const ApiResponse stream = ask("log", whose);
  EXPECT_EQ(stream.type, "text/event-stream");
  const std::string first = *stream.more();
  EXPECT_NE(first.find(R"("text":"E=-76.000000\n")"), std::string::npos) << first;
  EXPECT_EQ(*stream.more(), "event: end\ndata: {}\n\n");
  EXPECT_FALSE(stream.more());
  const std::string id = first.substr(4, first.find('\n') - 4);
  EXPECT_EQ(*ask("log", whose, {{"last-event-id", id}}).more(), "event: end\ndata: {}\n\n");
}

TEST_F(RunViewsTest, ALogThatIsNotThereIsSaid) {
  EXPECT_EQ(ask("log").status, 400);
  EXPECT_EQ(ask("log", {{"experiment", "none"}}).status, 404);
  EXPECT_EQ(ask("log", {{"experiment", study_.id(0)}, {"attempt", "7"}}).status, 404);
  EXPECT_EQ(ask("log", {{"experiment", study_.id(0)}, {"continue", "here"}}).status, 400);
}

}  // namespace
}  // namespace studyctl
