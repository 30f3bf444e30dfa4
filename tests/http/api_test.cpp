#include "http/api.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "study/applied_study.h"

namespace studyctl {
namespace {

using Json = nlohmann::json;

// Four experiments of two cycles: one succeeded, one failed twice, one runs.
class ApiTest : public testing::Test {
 protected:
  ApiTest() : study_(volume_.path()), routes_(api_routes(volume_.path())) {
    study_.succeed(attempt_of(0));
    study_.fail(attempt_of(1), Reason::Error, Verdict::Retry);
    study_.fail(attempt_of(1, 1, 2), Reason::Timeout);
    study_.start(attempt_of(2));
  }

  ApiResponse get(const std::string& path, const std::map<std::string, std::string>& query = {}) {
    ApiRequest request;
    request.method = "GET";
    request.path = "/api/v1/studies" + path;
    request.query = query;
    return routes_(request);
  }
  Json items(const std::string& path, const std::map<std::string, std::string>& query = {}) {
    const ApiResponse response = get(path, query);
    EXPECT_EQ(response.status, 200) << response.body;
    return Json::parse(response.body).at("items");
  }
  std::string detail(const std::string& path, const std::map<std::string, std::string>& query = {}) {
    const ApiResponse response = get(path, query);
    EXPECT_EQ(response.type, "application/problem+json") << response.body;
    return std::to_string(response.status) + " " + Json::parse(response.body).at("detail").get<std::string>();
  }
  // Page after page.
  Json all(const std::string& path, std::map<std::string, std::string> query) {
    Json found = Json::array();
    while (true) {
      const Json page = Json::parse(get(path, query).body);
      EXPECT_LE(page.at("items").size(), std::stoul(query.at("limit")));
      for (const Json& item : page.at("items")) found.push_back(item);
      if (!page.at("metadata").contains("continue")) return found;
      query["continue"] = page.at("metadata").at("continue");
    }
  }

  TemporaryDirectory volume_;
  AppliedStudy study_;
  Server::Answer routes_;
};

TEST_F(ApiTest, ListsStudiesAndTheirRuns) {
  ASSERT_EQ(items("").size(), 1u);
  EXPECT_EQ(items("")[0].at("study"), "nmr");
  EXPECT_EQ(Json::parse(get("/nmr").body), items("")[0]);
  const Json runs = items("/nmr/runs");
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].at("id"), study_.run_id());
  const std::string name = study_.directory().path().filename();
  EXPECT_EQ(Json::parse(get("/nmr/runs/" + name).body).at("id"), study_.run_id());
  EXPECT_EQ(Json::parse(get("/nmr/runs/latest").body).at("id"), study_.run_id());
  EXPECT_EQ(Json::parse(get("/nmr/runs/" + study_.run_id()).body).at("id"), study_.run_id());
  EXPECT_EQ(get("/other/runs/" + study_.run_id()).status, 404);
}

TEST_F(ApiTest, ListsWhatIsInARunBySelection) {
  EXPECT_EQ(items("/nmr/runs/latest/experiments").size(), 3u);
  EXPECT_EQ(items("/nmr/runs/latest/repetitions").size(), 3u);
  EXPECT_EQ(items("/nmr/runs/latest/attempts").size(), 4u);
  EXPECT_EQ(items("/nmr/runs/latest/repetitions", {{"state", "Failed,Running"}}).size(), 2u);
  EXPECT_EQ(items("/nmr/runs/latest/repetitions", {{"reason", "timeout"}})[0].at("fail_count"), 2);
  EXPECT_EQ(items("/nmr/runs/latest/repetitions", {{"selector", "molecule=water"}}).size(), 2u);
  EXPECT_EQ(items("/nmr/runs/latest/repetitions", {{"minFails", "3"}}).size(), 0u);
  EXPECT_EQ(items("/nmr/runs/latest/repetitions", {{"state", "Waiting"}}).size(), 5u);
}

TEST_F(ApiTest, PagesAreNeitherShortNorSharedAndEnd) {
  for (const char* limit : {"1", "2", "3", "100"}) {
    EXPECT_EQ(all("/nmr/runs/latest/experiments", {{"limit", limit}}), items("/nmr/runs/latest/experiments"));
    EXPECT_EQ(all("/nmr/runs/latest/repetitions", {{"limit", limit}}), items("/nmr/runs/latest/repetitions"));
    EXPECT_EQ(all("/nmr/runs/latest/repetitions", {{"limit", limit}, {"state", "Waiting,Succeeded"}}),
              items("/nmr/runs/latest/repetitions", {{"state", "Waiting,Succeeded"}}));
  }
  EXPECT_EQ(all("/nmr/runs/latest/attempts", {{"limit", "2"}}), items("/nmr/runs/latest/attempts"));
}

TEST_F(ApiTest, WhatIsNotUnderstoodIsSaid) {
  EXPECT_EQ(detail("/").substr(0, 4), "404 ");
  EXPECT_EQ(detail("/xray"), "404 there is no study 'xray' here");
  EXPECT_EQ(detail("/xray/runs"), "404 there is no study 'xray' here");
  EXPECT_EQ(detail("/nmr/runs/2020-01-01_00-00-00").substr(0, 4), "404 ");
  EXPECT_EQ(detail("/nmr/runs/latest/secrets").substr(0, 4), "404 ");
  EXPECT_EQ(detail("/nmr/runs/latest/repetitions", {{"colour", "red"}}),
            "400 ?colour: is not known here; there is: experiment, minFails, reason, selector, state, "
            "continue, limit");
  EXPECT_EQ(detail("", {{"state", "Failed"}}), "400 ?state: is not known here; there is: continue, limit");
  EXPECT_EQ(detail("", {{"limit", "0"}}), "400 ?limit=0: is not understood; it is 1 to 5000");
  EXPECT_EQ(detail("", {{"continue", "-1"}}), "400 ?continue=-1: is not understood");
  EXPECT_EQ(detail("/nmr/runs/latest/repetitions", {{"state", "Sleeping"}}).substr(0, 4), "400 ");
  EXPECT_EQ(detail("/nmr/runs/latest/repetitions", {{"selector", "colour=red"}}).substr(0, 4), "400 ");
}

TEST_F(ApiTest, TellsTheStateAndTheTransitionsOfARun) {
  EXPECT_EQ(get("/nmr/runs/latest/status").status, 503);
  study_.publish_status(RunState::Running);
  EXPECT_EQ(Json::parse(get("/nmr/runs/latest/status").body).at("study"), "nmr");
  const ApiResponse events = get("/nmr/runs/latest/events");
  EXPECT_EQ(events.type, "text/event-stream");
  EXPECT_NE(events.more()->find("event: repetition"), std::string::npos);
}

TEST_F(ApiTest, AnEmptyVolumeHasNoStudies) {
  const TemporaryDirectory empty;
  ASSERT_TRUE(ResultsVolume::open(empty.path()));
  ApiRequest request;
  request.method = "GET";
  request.path = "/api/v1/studies";
  EXPECT_EQ(Json::parse(api_routes(empty.path())(request).body).at("items").size(), 0u);
}

}  // namespace
}  // namespace studyctl
