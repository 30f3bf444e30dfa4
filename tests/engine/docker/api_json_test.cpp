#include "engine/docker/api_json.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

using State = ContainerView::State;

ContainerView view_of(const std::string& state) {
  auto view = parse_container(R"({"Id":"c1","Name":"/x","Image":"abc","State":)" + state + "}");
  return view ? *view : ContainerView{};
}

TEST(ParseContainer, ReadsWhatDockerShowsOfARunningOne) {
  const auto view = parse_container(R"({"Id":"c1","Name":"/study-a1","Image":"sha256:abc",
    "State":{"Status":"running","Running":true,"Pid":42,"ExitCode":0,"OOMKilled":false,
             "StartedAt":"2026-11-22T02:58:55.289607312Z","FinishedAt":"0001-01-01T00:00:00Z"},
    "Config":{"Labels":{"a":"b"}},
    "HostConfig":{"Memory":1024,"DeviceRequests":[{"DeviceIDs":["GPU-1","GPU-2"]}],
                  "Devices":[{"PathInContainer":"/dev/kfd"}]}})");
  ASSERT_TRUE(view);
  EXPECT_EQ(view->name, "study-a1");
  EXPECT_EQ(view->image_id, "sha256:abc");
  EXPECT_EQ(view->state, State::Running);
  EXPECT_EQ(view->pid, 42);
  EXPECT_EQ(view->labels.at("a"), "b");
  EXPECT_EQ(view->memory_limit, 1024);
  EXPECT_EQ(view->device_ids, (std::vector<std::string>{"GPU-1", "GPU-2"}));
  EXPECT_EQ(view->device_nodes, std::vector<std::string>{"/dev/kfd"});
  EXPECT_TRUE(view->started_at);
  EXPECT_FALSE(view->finished_at);
}

TEST(ParseContainer, GivesAnImageIdItsAlgorithm) {
  EXPECT_EQ(view_of("{}").image_id, "sha256:abc");
}

TEST(ParseContainer, TakesOneThatNeverStartedForCreatedWhateverItsExitCode) {
  EXPECT_EQ(view_of(R"({"Status":"created","ExitCode":127,"StartedAt":"0001-01-01T00:00:00Z"})").state,
            State::Created);
}

TEST(ParseContainer, KnowsPodmansOwnStatusWords) {
  const std::string started = R"(","StartedAt":"2026-11-22T02:58:55Z"})";
  EXPECT_EQ(view_of(R"({"Status":"stopping)" + started).state, State::Running);
  EXPECT_EQ(view_of(R"({"Status":"exited)" + started).state, State::Exited);
  EXPECT_EQ(view_of(R"({"Status":"stopped)" + started).state, State::Exited);
  EXPECT_EQ(view_of(R"({"Status":"initialized"})").state, State::Created);
  EXPECT_EQ(view_of(R"({"Status":"configured"})").state, State::Created);
}

TEST(ParseContainer, TakesNoRunThatARebootCutForAnEnd) {
  EXPECT_EQ(view_of(R"({"Status":"configured","ExitCode":0,"StartedAt":"2026-11-22T02:58:55Z"})").state,
            State::Created);
}

TEST(ParseContainer, SeesOneThatIsBeingRemoved) {
  EXPECT_EQ(view_of(R"({"Status":"removing","StartedAt":"2026-11-22T02:58:55Z"})").state, State::Leaving);
  EXPECT_EQ(view_of(R"({"Status":"dead"})").state, State::Leaving);
}

TEST(ParseContainer, RefusesWhatIsNoContainer) {
  EXPECT_FALSE(parse_container("not json"));
  EXPECT_FALSE(parse_container("[]"));
  EXPECT_FALSE(parse_container(R"({"message":"no such container"})"));
}

TEST(ParseContainer, SurvivesValuesOfOtherTypes) {
  const auto view = parse_container(
      R"({"Id":"c1","Name":7,"State":[],"Config":null,"HostConfig":{"Devices":{},"DeviceRequests":null}})");
  ASSERT_TRUE(view);
  EXPECT_EQ(view->state, State::Created);
}

TEST(ParseList, ReadsNamesWithoutTheirSlash) {
  const auto list = parse_container_list(
      R"([{"Id":"1","Names":["/a"],"State":"exited","Labels":{"k":"v"}},{"Id":"2","Names":null}])");
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 2u);
  EXPECT_EQ((*list)[0].name, "a");
  EXPECT_EQ((*list)[0].labels.at("k"), "v");
  EXPECT_EQ((*list)[1].name, "");
}

TEST(ParseEvent, ReadsDieAndPodmansDiedAlike) {
  const auto docker = parse_event(
      R"({"Action":"die","Actor":{"ID":"c","Attributes":{"name":"n","exitCode":"5"}},"timeNano":7})");
  const auto podman =
      parse_event(R"({"Action":"died","Actor":{"ID":"c","Attributes":{"name":"n"}},"timeNano":7})");
  ASSERT_TRUE(docker && podman);
  EXPECT_EQ(docker->action, "die");
  EXPECT_EQ(podman->action, "die");
  EXPECT_EQ(docker->name, "n");
  EXPECT_EQ(docker->time_nano, 7);
}

TEST(ParseEvent, IgnoresWhatIsNone) {
  EXPECT_FALSE(parse_event("{}"));
  EXPECT_FALSE(parse_event("half a li"));
}

TEST(ParsePullLine, ReadsProgressAndFailure) {
  const PullLine line =
      parse_pull_line(R"({"status":"Downloading","id":"l1","progressDetail":{"current":5,"total":9}})");
  EXPECT_EQ(line.layer, "l1");
  EXPECT_EQ(line.current, 5);
  EXPECT_EQ(line.total, 9);
  EXPECT_EQ(parse_pull_line(R"({"errorDetail":{"message":"no such host"},"error":"x"})").error,
            "no such host");
  EXPECT_EQ(parse_pull_line(R"({"message":"invalid reference format"})").error, "invalid reference format");
}

TEST(ParseEngineTime, ReadsFractionsAndOffsets) {
  const Instant noon =
      Instant(std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)) + std::chrono::hours(12);
  EXPECT_EQ(parse_engine_time("2026-11-22T12:00:00Z"), noon);
  EXPECT_EQ(parse_engine_time("2026-11-22T12:00:00.289607312Z"), noon + Duration(289));
  EXPECT_EQ(parse_engine_time("2026-11-22T13:30:00.5+01:30"), noon + Duration(500));
  EXPECT_EQ(parse_engine_time("2026-11-22T10:00:00-02:00"), noon);
}

TEST(ParseEngineTime, KnowsTheEnginesZero) {
  EXPECT_FALSE(parse_engine_time("0001-01-01T00:00:00Z"));
  EXPECT_FALSE(parse_engine_time(""));
  EXPECT_FALSE(parse_engine_time("2026-13-41T00:00:00Z"));
}

TEST(Query, EscapesAllButPlainCharacters) {
  EXPECT_EQ(query_escape("a-b.c_d~1"), "a-b.c_d~1");
  EXPECT_EQ(query_escape("x/y:1@ü"), "x%2Fy%3A1%40%C3%BC");
  EXPECT_EQ(filters({{"label", {"k=v"}}}), "%7B%22label%22%3A%5B%22k%3Dv%22%5D%7D");
}

}  // namespace
}  // namespace studyctl
