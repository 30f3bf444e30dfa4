#include "engine/kubernetes/pod.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

using Stage = PodVerdict::Stage;
using Kind = PodChange::Kind;

// What a pod with this status comes to.
PodVerdict verdict(const std::string& status, const std::string& metadata = "") {
  const PodChange change =
      parse_pod_change(R"({"type":"MODIFIED","object":{"metadata":{"resourceVersion":"1","name":"p")" +
                       metadata + R"(},"spec":{"nodeName":"n"},"status":)" + status + "}}");
  EXPECT_EQ(change.kind, Kind::Shown);
  return verdict_of(change.object);
}

std::string ended(const std::string& how) {
  return R"({"phase":"Failed","containerStatuses":[{"name":"main","state":{"terminated":)" + how + "}}]}";
}

std::string waiting(const std::string& reason) {
  return R"({"phase":"Pending","containerStatuses":[{"name":"main","state":{"waiting":{"reason":")" + reason +
         R"(","message":"why"}}}]})";
}

TEST(PodVerdict, TellsHowMainEnded) {
  const PodVerdict success = verdict(ended(R"({"exitCode":0,"reason":"Completed"})"));
  EXPECT_EQ(success.stage, Stage::Exited);
  EXPECT_EQ(success.reason, Reason::Completed);
  const PodVerdict failure = verdict(ended(R"({"exitCode":7,"reason":"Error"})"));
  EXPECT_EQ(failure.reason, Reason::Error);
  EXPECT_EQ(failure.exit_code, 7);
  EXPECT_EQ(failure.signal, 0);
  EXPECT_EQ(failure.message, "exited with code 7");
  const PodVerdict killed = verdict(ended(R"({"exitCode":137,"reason":"Error"})"));
  EXPECT_EQ(killed.signal, 0);
  EXPECT_EQ(killed.message, "killed (137), cause unknown");
  const PodVerdict deleted = verdict(ended(R"({"exitCode":137,"reason":"Error"})"),
                                     R"(,"deletionTimestamp":"2026-01-01T00:00:00Z")");
  EXPECT_EQ(deleted.signal, 9);
}

// What carries files stands beside the attempt's own containers, and is none of them.
TEST(PodVerdict, WhatCarriesFilesIsToldApart) {
  const auto with = [](const std::string& carry_in, const std::string& rest) {
    return R"({"phase":"Pending","initContainerStatuses":[{"name":"carry-in","state":)" + carry_in +
           R"(},{"name":"init-0","state":{"waiting":{"reason":"PodInitializing"}}}])" + rest + "}";
  };
  const PodVerdict carrying = verdict(with(R"({"running":{}})", ""));
  EXPECT_EQ(carrying.stage, Stage::Waiting);
  EXPECT_EQ(carrying.message, "its files are carried to its pod");
  const PodVerdict failed = verdict(with(R"({"terminated":{"exitCode":4,"message":"no room"}})", ""));
  EXPECT_EQ(failed.stage, Stage::Refused);
  EXPECT_EQ(failed.reason, Reason::CreateError);
  EXPECT_EQ(failed.message, "its files could not be carried to its pod: carry-in exited 4: no room");
  const PodVerdict stuck = verdict(with(R"({"waiting":{"reason":"ErrImagePull","message":"none"}})", ""));
  EXPECT_EQ(stuck.stage, Stage::Stuck);
  EXPECT_EQ(stuck.reason, Reason::ImagePull);
  EXPECT_EQ(stuck.message, "what carries its files: ErrImagePull: none");
  const PodVerdict done = verdict(with(R"({"terminated":{"exitCode":0}})",
                                       R"(,"containerStatuses":[{"name":"carry-out","state":{"running":{}}},
                      {"name":"main","state":{"terminated":{"exitCode":0,"reason":"Completed"}}}])"));
  EXPECT_EQ(done.stage, Stage::Exited);
}

TEST(PodVerdict, TellsMemoryFromOtherEnds) {
  EXPECT_EQ(verdict(ended(R"({"exitCode":137,"reason":"OOMKilled"})")).reason, Reason::OOMKilled);
  const PodVerdict child = verdict(ended(R"({"exitCode":0,"reason":"OOMKilled"})"));
  EXPECT_EQ(child.reason, Reason::Completed);
  EXPECT_EQ(child.warnings.size(), 1u);
}

TEST(PodVerdict, TellsWhatTheClusterDid) {
  const std::string end =
      R"("containerStatuses":[{"name":"main","state":{"terminated":{"exitCode":137,"reason":"Error"}}}])";
  const PodVerdict evicted =
      verdict(R"({"phase":"Failed","reason":"Evicted","message":"low on memory",)" + end + "}");
  EXPECT_EQ(evicted.reason, Reason::Evicted);
  EXPECT_EQ(evicted.message, "Evicted: low on memory");
  EXPECT_EQ(verdict(R"({"phase":"Failed","reason":"DeadlineExceeded",)" + end + "}").reason, Reason::Timeout);
  EXPECT_EQ(verdict(R"({"phase":"Failed","reason":"NodeLost",)" + end + "}").reason, Reason::Interrupted);
  const PodVerdict preempted = verdict(
      R"({"phase":"Failed","conditions":[{"type":"DisruptionTarget","status":"True","reason":"PreemptionByScheduler",
          "message":"for another"}],)" +
      end + "}");
  EXPECT_EQ(preempted.reason, Reason::Evicted);
  EXPECT_EQ(preempted.message, "PreemptionByScheduler: for another");
}

TEST(PodVerdict, KnowsThatAPodWithoutContainersMayNeverHaveRun) {
  EXPECT_EQ(verdict(R"({"phase":"Failed","reason":"UnexpectedAdmissionError"})").stage, Stage::Lost);
  EXPECT_EQ(verdict(R"({"phase":"Failed","reason":"Evicted"})").reason, Reason::Evicted);
}

TEST(PodVerdict, KnowsWhatItsNodeJustMakes) {
  PodView pod;
  EXPECT_FALSE(is_being_made(pod)) << "no node has it";
  pod.node = "n1";
  pod.main.waiting_reason = "ContainerCreating";
  EXPECT_TRUE(is_being_made(pod));
  pod.main.waiting_reason = "ImagePullBackOff";
  EXPECT_FALSE(is_being_made(pod)) << "it may never be";
  pod.main.waiting_reason.clear();
  pod.main.is_running = true;
  EXPECT_FALSE(is_being_made(pod));
}

TEST(PodVerdict, SaysWhatAPodWaitsFor) {
  const PodVerdict unscheduled = verdict(
      R"({"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable",
          "message":"0/1 nodes are available: 1 Insufficient nvidia.com/gpu."}]})");
  EXPECT_EQ(unscheduled.stage, Stage::Waiting);
  EXPECT_EQ(unscheduled.message, "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.");
  EXPECT_EQ(verdict(waiting("ContainerCreating")).stage, Stage::Waiting);
  EXPECT_EQ(verdict(R"({"phase":"Pending"})").message, "waits for node n");
}

TEST(PodVerdict, TellsImagesThatCannotBePulledFromThoseThatMayYet) {
  const PodVerdict backoff = verdict(waiting("ImagePullBackOff"));
  EXPECT_EQ(backoff.stage, Stage::Stuck);
  EXPECT_EQ(backoff.reason, Reason::ImagePull);
  EXPECT_EQ(backoff.message, "ImagePullBackOff: why");
  EXPECT_EQ(verdict(waiting("InvalidImageName")).stage, Stage::Refused);
  EXPECT_EQ(verdict(waiting("ErrImageNeverPull")).reason, Reason::ImagePull);
  EXPECT_EQ(verdict(waiting("CreateContainerConfigError")).reason, Reason::CreateError);
}

TEST(PodVerdict, RefusesWhatCannotBeRun) {
  const PodVerdict none =
      verdict(ended(R"({"exitCode":127,"reason":"ContainerCannotRun","message":"no such file"})"));
  EXPECT_EQ(none.stage, Stage::Refused);
  EXPECT_EQ(none.reason, Reason::CreateError);
  EXPECT_EQ(none.message, "main cannot be run: no such file");
}

TEST(PodVerdict, TellsOfInitContainers) {
  const auto with = [](const std::string& state) {
    return verdict(
        R"({"phase":"Pending","initContainerStatuses":[{"name":"init-0","state":)" + state +
        R"(}],"containerStatuses":[{"name":"main","state":{"waiting":{"reason":"PodInitializing"}}}]})");
  };
  EXPECT_EQ(with(R"({"running":{}})").message, "runs init container 0");
  const PodVerdict failed = with(R"({"terminated":{"exitCode":4,"reason":"Error"}})");
  EXPECT_EQ(failed.stage, Stage::Refused);
  EXPECT_EQ(failed.message, "init container 0 exited 4");
  EXPECT_EQ(with(R"({"waiting":{"reason":"ErrImagePull","message":"why"}})").message,
            "init container 0: ErrImagePull: why");
}

TEST(PodVerdict, EndsWithMainWhateverItsSidecarsDo) {
  const PodVerdict over = verdict(
      R"({"phase":"Running","initContainerStatuses":[{"name":"proxy","state":{"running":{}}}],"containerStatuses":[
      {"name":"exporter","state":{"running":{}}},{"name":"main","state":{"terminated":{"exitCode":0,"reason":"Completed"}}}]})");
  EXPECT_EQ(over.stage, Stage::Exited);
  EXPECT_EQ(over.reason, Reason::Completed);
  const PodVerdict on = verdict(
      R"({"phase":"Running","containerStatuses":[{"name":"exporter","state":{"terminated":{"exitCode":1,"reason":"Error"}}},
      {"name":"main","state":{"running":{}}}]})");
  EXPECT_EQ(on.stage, Stage::Running);
}

TEST(PodVerdict, WaitsForASidecarThatMainWaitsFor) {
  const auto with = [](const std::string& state) {
    return verdict(
        R"({"phase":"Pending","initContainerStatuses":[{"name":"proxy","state":)" + state +
        R"(},{"name":"init-0","state":{"waiting":{"reason":"PodInitializing"}}}],"containerStatuses":[
        {"name":"main","state":{"waiting":{"reason":"PodInitializing"}}}]})");
  };
  EXPECT_EQ(with(R"({"running":{}})").stage, Stage::Waiting);
  const PodVerdict pull = with(R"({"waiting":{"reason":"ErrImagePull","message":"why"}})");
  EXPECT_EQ(pull.stage, Stage::Stuck);
  EXPECT_EQ(pull.message, "sidecar proxy: ErrImagePull: why");
  const PodVerdict crash = with(R"({"waiting":{"reason":"CrashLoopBackOff","message":"back-off"}})");
  EXPECT_EQ(crash.stage, Stage::Stuck);
  EXPECT_EQ(crash.reason, Reason::CreateError);
}

TEST(PodChange, ReadsWhatAWatchSays) {
  const PodChange bookmark =
      parse_pod_change(R"({"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"42"}}})");
  EXPECT_EQ(bookmark.kind, Kind::Bookmark);
  EXPECT_EQ(bookmark.resource_version, "42");
  EXPECT_EQ(
      parse_pod_change(R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}})").kind,
      Kind::Expired);
  const PodChange failed = parse_pod_change(R"({"type":"ERROR","object":{"code":500,"message":"etcd"}})");
  EXPECT_EQ(failed.kind, Kind::Failed);
  EXPECT_EQ(failed.failure, "etcd");
  EXPECT_EQ(parse_pod_change("{").kind, Kind::Failed);
  const PodChange deleted = parse_pod_change(
      R"({"type":"DELETED","object":{"metadata":{"name":"p","uid":"u","resourceVersion":"7","labels":
          {"studyctl.io/attempt-id":"a","studyctl.io/run":"r"}}}})");
  EXPECT_EQ(deleted.kind, Kind::Deleted);
  EXPECT_EQ(deleted.object.attempt, "a");
  EXPECT_EQ(deleted.object.run, "r");
}

TEST(PodList, ReadsAPageAndWhereTheNextOneIs) {
  const auto list = parse_pod_list(
      R"({"metadata":{"resourceVersion":"9","continue":"more"},"items":[{"metadata":{"name":"p"}}]})");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->resource_version, "9");
  EXPECT_EQ(list->next, "more");
  EXPECT_EQ(list->objects.size(), 1u);
  EXPECT_FALSE(parse_pod_list("[]"));
}

}  // namespace
}  // namespace studyctl
