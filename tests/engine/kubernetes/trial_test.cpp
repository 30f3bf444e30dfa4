#include "engine/kubernetes/trial.h"

#include <gtest/gtest.h>

#include "engine/kubernetes/wire_cluster.h"

namespace studyctl {
namespace {

HttpResponse said(int status, const std::string& message) {
  HttpResponse response;
  response.status = status;
  response.body = WireCluster::status(status, message);
  return response;
}

std::string quota(const std::string& requested, const std::string& limited) {
  return lasting_refusal(said(403, "pods is forbidden: exceeded quota: small, requested: " + requested +
                                       ", used: pods=0, limited: " + limited),
                         "lab");
}

TEST(Trial, WhatIsWrittenWronglyIsRefused) {
  EXPECT_EQ(lasting_refusal(
                said(422, "Job.batch is invalid: spec.template.spec.dnsPolicy: Unsupported value"), "lab"),
            "Job.batch is invalid: spec.template.spec.dnsPolicy: Unsupported value");
  EXPECT_NE(lasting_refusal(said(400, "json: cannot unmarshal"), "lab"), "");
}

TEST(Trial, WhatAdmissionHasAgainstItIsRefused) {
  EXPECT_EQ(lasting_refusal(said(403, "jobs.batch is forbidden: the image is not signed"), "lab"),
            "jobs.batch is forbidden: the image is not signed");
}

TEST(Trial, WhatMayBeOtherwiseLaterIsNoReasonToRefuse) {
  EXPECT_EQ(lasting_refusal(said(500, "boom"), "lab"), "");
  EXPECT_EQ(lasting_refusal(said(429, "too many"), "lab"), "");
  EXPECT_EQ(lasting_refusal(said(404, "not found"), "lab"), "");
  EXPECT_EQ(lasting_refusal(said(400, "an admission webhook does not support dry run"), "lab"), "");
  EXPECT_EQ(
      lasting_refusal(
          said(
              403,
              R"(pods is forbidden: User \"ann\" cannot create resource \"pods\" in API group \"\" in the namespace \"lab\")"),
          "lab"),
      "");
}

TEST(Trial, AQuotaThatHasNoRoomNowIsWaitedFor) {
  EXPECT_EQ(quota("limits.cpu=2,pods=1", "limits.cpu=2,pods=4"), "");
  EXPECT_EQ(quota("limits.memory=512Mi", "limits.memory=1Gi"), "");
}

TEST(Trial, AQuotaThatCanNeverBeMetIsRefused) {
  EXPECT_EQ(quota("limits.cpu=1500m", "limits.cpu=1"),
            "quota small can never be met: it has limits.cpu=1 in all, and an attempt asks for 1500m");
  EXPECT_NE(quota("limits.memory=2Gi,pods=1", "limits.memory=1G,pods=4"), "");
}

std::string job(const std::string& pod) {
  return R"({"metadata":{"name":"a1"},"spec":{"template":{"metadata":{"labels":{"a":"b"}},"spec":)" + pod +
         "}}}";
}

TEST(Trial, FindsWhatAnOldClusterDrops) {
  const std::string sent = job(
      R"({"initContainers":[{"name":"proxy","image":"i","restartPolicy":"Always"}],"containers":[{"name":"main","image":"i","tty":false}]})");
  EXPECT_EQ(dropped_field(sent, sent), "");
  EXPECT_EQ(
      dropped_field(
          sent,
          job(R"({"initContainers":[{"name":"proxy","image":"i"}],"containers":[{"name":"main","image":"i"}]})")),
      "spec.template.spec.initContainers[proxy].restartPolicy");
  EXPECT_EQ(dropped_field(sent, job(R"({"containers":[{"name":"main","image":"i"}]})")),
            "spec.template.spec.initContainers");
  // One volume, mounted twice.
  const std::string mounts = job(
      R"({"containers":[{"name":"main","volumeMounts":[{"name":"v0","mountPath":"/a"},{"name":"v0","mountPath":"/b","readOnly":true}]}]})");
  EXPECT_EQ(dropped_field(mounts, mounts), "");
  // What somebody has put in beside it is no concern of ours.
  EXPECT_EQ(
      dropped_field(
          job(R"({"containers":[{"name":"main","image":"i"}],"tolerations":[{"key":"a"}]})"),
          job(R"({"containers":[{"name":"mesh","image":"m"},{"name":"main","image":"i"}],"tolerations":[{"key":"b"},{"key":"a"}]})")),
      "");
}

// What try_out() says, once it says something.
Result<void> tried(WireCluster& wire) {
  std::optional<Result<void>> answer;
  wire.engine->try_out(wire.spec(), [&](Result<void> said) { answer = std::move(said); });
  EXPECT_TRUE(wire.until([&] { return answer.has_value(); }));
  return answer ? *answer : Result<void>(Error{ErrorCode::Internal, "no answer"});
}

TEST(Trial, MakesNothing) {
  WireCluster wire;
  wire.server.on("POST */namespaces/lab/jobs?dryRun=All",
                 [](const WireRequest& request) { return Script().answer(201, request.body); });
  wire.server.on("POST */namespaces/lab/pods?dryRun=All", Script().answer(201, "{}"));
  EXPECT_TRUE(tried(wire));
  EXPECT_EQ(wire.server.count("POST *dryRun=All"), 2);
  EXPECT_EQ(wire.server.count("POST *"), 2);
}

TEST(Trial, SaysWhatTheClusterHasAgainstAJobAndAgainstItsPod) {
  WireCluster wire;
  wire.server.on("POST */namespaces/lab/jobs?dryRun=All",
                 Script().answer(422, WireCluster::status(422, "no such thing")));
  EXPECT_EQ(tried(wire).error().message, "the cluster takes no Job of spec.template: no such thing");
  wire.server.on("POST */namespaces/lab/jobs?dryRun=All",
                 [](const WireRequest& request) { return Script().answer(201, request.body); });
  wire.server.on("POST */namespaces/lab/pods?dryRun=All",
                 Script().answer(403, WireCluster::status(403, "pods is forbidden: violates PodSecurity")));
  EXPECT_EQ(tried(wire).error().message,
            "the cluster takes no pod of spec.template: pods is forbidden: violates PodSecurity");
}

TEST(Trial, AClusterThatDoesNotAnswerHoldsNothingUp) {
  WireCluster wire;
  wire.server.on("POST */namespaces/lab/jobs?dryRun=All", Script().close());
  EXPECT_TRUE(tried(wire));
}

}  // namespace
}  // namespace studyctl
