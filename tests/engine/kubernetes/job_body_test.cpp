#include "engine/kubernetes/job_body.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "carry/pass.h"

namespace studyctl {
namespace {

using nlohmann::json;

AttemptSpec spec_of_all() {
  AttemptSpec spec;
  spec.id.text = "studyctl-0123abcd-89efcdab-0011223344556677-c1-a1";
  spec.labels = {{"studyctl.io/volume", "v"}, {"studyctl.io/run", "r"}, {"studyctl.io/name", "two words"}};
  spec.run_timeout = std::chrono::minutes(10);
  spec.grace = Duration(1500);
  spec.main.image = "acme/x:1";
  spec.main.command = {"/bin/sh", "-c", "echo $HOME $(HOME)"};
  spec.main.arguments = {"a"};
  spec.main.environment = {{"A", "1$x"}, {"TOKEN", "hunter2"}};
  spec.main.secret_variables = {"TOKEN"};
  spec.main.working_directory = "/work";
  spec.main.resources.millicpu = 1500;
  spec.main.resources.memory_bytes = 64 << 20;
  spec.main.resources.memory_bytes_request = 32 << 20;
  spec.main.security.run_as_user = 7;
  spec.main.security.drop_capabilities = {"ALL"};
  spec.main.mounts = {{Mount::Kind::Bind, "/tmp", "/results", false, {}},
                      {Mount::Kind::Bind, "/etc/hostname", "/in", true, {}},
                      {Mount::Kind::Bind, "/tmp", "/again", false, {}},
                      {Mount::Kind::Volume, "data", "/data", false, {}},
                      {Mount::Kind::Memory, {}, "/dev/shm", false, 1024}};
  spec.devices = {{"nvidia.com/gpu", 2}};
  spec.init.resize(1);
  spec.init[0].image = "acme/fetch:1";
  spec.init[0].pull_policy = PullPolicy::Always;
  return spec;
}

TEST(JobBody, NamesTheSecretsThatPullItsImages) {
  AttemptSpec spec = spec_of_all();
  EXPECT_FALSE(json::parse(job_body(spec))["spec"]["template"]["spec"].contains("imagePullSecrets"));
  spec.image_pull_secrets = {"registry"};
  EXPECT_EQ(json::parse(job_body(spec))["spec"]["template"]["spec"]["imagePullSecrets"],
            json::parse(R"([{"name":"registry"}])"));
}

TEST(JobBody, HasWhatOfAPodOnlyAClusterKnows) {
  AttemptSpec spec = spec_of_all();
  spec.cluster_fields = {{"nodeSelector", R"({"gpu":"a100"})"}, {"priorityClassName", R"("batch")"}};
  spec.annotations = {{"cluster-autoscaler.kubernetes.io/safe-to-evict", "false"}};
  json pod = json::parse(job_body(spec))["spec"]["template"];
  EXPECT_EQ(pod["spec"]["nodeSelector"]["gpu"], "a100");
  EXPECT_EQ(pod["spec"]["priorityClassName"], "batch");
  EXPECT_EQ(pod["spec"]["automountServiceAccountToken"], false);
  EXPECT_EQ(pod["metadata"]["annotations"]["cluster-autoscaler.kubernetes.io/safe-to-evict"], "false");
  spec.cluster_fields = {{"serviceAccountName", R"("loader")"}};
  pod = json::parse(job_body(spec))["spec"]["template"];
  EXPECT_FALSE(pod["spec"].contains("automountServiceAccountToken"));
}

AttemptSpec spec_with_sidecars() {
  AttemptSpec spec = spec_of_all();
  ContainerSpec early, once, beside;
  early.name = "proxy";
  early.image = "acme/proxy:1";
  early.sidecar = Sidecar::FromItsTurn;
  early.cluster_fields = {{"startupProbe", R"({"tcpSocket":{"port":80}})"}};
  once.name = "twice";
  once.image = "acme/twice:1";
  beside.name = "exporter";
  beside.image = "acme/exporter:1";
  beside.sidecar = Sidecar::WithMain;
  beside.environment = {{"TOKEN", "hunter3"}};
  beside.secret_variables = {"TOKEN"};
  beside.mounts = {{Mount::Kind::Bind, "/tmp", "/seen", true, {}}};
  beside.cluster_fields = {{"ports", R"([{"containerPort":9100}])"}};
  spec.init.insert(spec.init.begin(), early);
  spec.init.push_back(once);
  spec.init.push_back(beside);
  spec.main.cluster_fields = {{"claims", R"([{"name":"gpu"}])"}};
  return spec;
}

TEST(JobBody, HasSidecarsWhereTheyBegin) {
  const AttemptSpec spec = spec_with_sidecars();
  const json pod = json::parse(job_body(spec))["spec"]["template"]["spec"];
  ASSERT_EQ(pod["initContainers"].size(), 3u);
  EXPECT_EQ(pod["initContainers"][0]["name"], "proxy");
  EXPECT_EQ(pod["initContainers"][0]["restartPolicy"], "Always");
  EXPECT_EQ(pod["initContainers"][0]["startupProbe"]["tcpSocket"]["port"], 80);
  EXPECT_EQ(pod["initContainers"][1]["name"], "init-0");
  EXPECT_EQ(pod["initContainers"][2]["name"], "init-1");
  EXPECT_FALSE(pod["initContainers"][2].contains("restartPolicy"));
  ASSERT_EQ(pod["containers"].size(), 2u);
  EXPECT_EQ(pod["containers"][0]["name"], "main");
  EXPECT_EQ(pod["containers"][0]["resources"]["claims"], json::parse(R"([{"name":"gpu"}])"));
  const json& exporter = pod["containers"][1];
  EXPECT_EQ(exporter["name"], "exporter");
  EXPECT_EQ(exporter["ports"][0]["containerPort"], 9100);
  EXPECT_EQ(exporter["volumeMounts"][0]["name"], pod["containers"][0]["volumeMounts"][0]["name"]);
  EXPECT_FALSE(exporter.contains("resources"));  // devices are main's
  // Its secret is in the attempt's own.
  const std::string key = exporter["env"][0]["valueFrom"]["secretKeyRef"]["key"];
  EXPECT_TRUE(json::parse(secret_body(spec))["data"].contains(key));
}

TEST(JobBody, MountsWhatIsOfAClaimFromTheClaim) {
  AttemptSpec spec = spec_of_all();
  spec.main.mounts = {{Mount::Kind::Bind, "/results/a/b", "/results", false, {}},
                      {Mount::Kind::Bind, "/results", "/all", true, {}},
                      {Mount::Kind::Bind, "/results-of-others", "/in", true, {}}};
  const json pod = json::parse(job_body(spec, {"mine", "/results"}))["spec"]["template"]["spec"];
  EXPECT_EQ(pod["volumes"], json::parse(R"([{"name":"v0","persistentVolumeClaim":{"claimName":"mine"}},
      {"name":"v1","hostPath":{"path":"/results-of-others","type":"Directory"}}])"));
  EXPECT_EQ(pod["containers"][0]["volumeMounts"],
            json::parse(R"([{"name":"v0","mountPath":"/results","subPath":"a/b"},
      {"name":"v0","mountPath":"/all","readOnly":true},{"name":"v1","mountPath":"/in","readOnly":true}])"));
}

// The kubectl of an old cluster takes no field that it does not know.
TEST(JobBody, ByHandHasNothingThatOldClustersDoNotKnow) {
  EXPECT_NE(job_body(spec_of_all()).find("podReplacementPolicy"), std::string::npos);
  EXPECT_EQ(job_by_hand(spec_of_all()).find("podReplacementPolicy"), std::string::npos);
  EXPECT_EQ(job_by_hand(spec_of_all()).find("podFailurePolicy"), std::string::npos);
}

AttemptSpec carried_spec() {
  AttemptSpec spec;
  spec.id.text = "studyctl-0123abcd-89efcdab-0011223344556677-c1-a1";
  spec.labels = {{"studyctl.io/run", "r"}};
  spec.directory = "/results/s/r/x/cycle-1/attempt-1.partial";
  spec.scratch = "/results/s/r/x/cycle-1/attempt-1.scratch";
  spec.main.image = "acme/x:1";
  const std::string own = spec.directory.string();
  spec.main.mounts = {{Mount::Kind::Bind, own, "/results", false, {}},
                      {Mount::Kind::Bind, own + "/study", "/study", true, {}},
                      {Mount::Kind::Bind, spec.scratch.string() + "/tmp", "/tmp", false, {}},
                      {Mount::Kind::Bind, "/results/s/r/x/cycle-1/checkpoint", "/checkpoint", false, {}},
                      {Mount::Kind::Bind, "/results-of-others", "/in", true, {}}};
  return spec;
}

CarryOptions carrying() {
  CarryOptions options;
  options.address = "http://lab.ns.svc:8090";
  options.image = "acme/studyctl:1";
  options.pull_secrets = {"registry"};
  options.depots = "/results/.studyctl/carry";
  options.key = "key";
  options.root = "/results";
  return options;
}

TEST(JobBody, CarriesWhatNodesDoNotSee) {
  AttemptSpec spec = carried_spec();
  spec.main.security.run_as_user = 7;
  spec.main.security.run_as_group = 8;
  const CarryOptions options = carrying();
  const auto carried = carried_pod(spec, options);
  ASSERT_TRUE(carried) << carried.error().message;
  const json pod = json::parse(job_body(spec, {}, &*carried))["spec"]["template"]["spec"];
  EXPECT_EQ(pod["volumes"], json::parse(R"([{"name":"v0","emptyDir":{}},
      {"name":"v1","hostPath":{"path":"/results-of-others","type":"Directory"}}])"));
  EXPECT_EQ(pod["containers"][0]["volumeMounts"], json::parse(R"([
      {"name":"v0","mountPath":"/results","subPath":"0"},
      {"name":"v0","mountPath":"/study","readOnly":true,"subPath":"1"},
      {"name":"v0","mountPath":"/tmp","subPath":"2"},
      {"name":"v0","mountPath":"/checkpoint","subPath":"3"},
      {"name":"v1","mountPath":"/in","readOnly":true}])"));
  EXPECT_EQ(pod["imagePullSecrets"], json::parse(R"([{"name":"registry"}])"));
  json expected = json::parse(R"json({"name": "carry-out", "image": "acme/studyctl:1",
    "imagePullPolicy": "IfNotPresent", "command": ["/usr/bin/studyctl", "carry", "out", "/carried", "0", "3"],
    "terminationMessagePolicy": "FallbackToLogsOnError",
    "env": [{"name": "STUDYCTL_CARRY_URL",
             "value": "http://lab.ns.svc:8090/carry/v1/studyctl-0123abcd-89efcdab-0011223344556677-c1-a1"},
            {"name": "STUDYCTL_CARRY_PASS"}],
    "resources": {"limits": {"cpu": "1", "memory": "128Mi"}, "requests": {"cpu": "10m", "memory": "32Mi"}},
    "securityContext": {"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "runAsNonRoot": true,
      "runAsUser": 7, "runAsGroup": 8, "capabilities": {"drop": ["ALL"]},
      "seccompProfile": {"type": "RuntimeDefault"}},
    "volumeMounts": [{"name": "v0", "mountPath": "/carried"}]})json");
  expected["env"][1]["value"] = carry_pass("key", CarryPurpose::Out, spec.id.text);
  EXPECT_EQ(pod["containers"][1], expected);
  expected["name"] = "carry-in";
  expected["command"] = {"/usr/bin/studyctl", "carry", "in", "/carried"};
  expected["env"][1]["value"] = carry_pass("key", CarryPurpose::In, spec.id.text);
  EXPECT_EQ(pod["initContainers"], json::array({expected}));
}

TEST(JobBody, SidecarsOfACarriedPodSeeWhatIsCarried) {
  AttemptSpec spec = carried_spec();
  ContainerSpec beside;
  beside.name = "exporter";
  beside.image = "acme/exporter:1";
  beside.sidecar = Sidecar::WithMain;
  beside.mounts = {spec.main.mounts[0]};
  spec.init = {beside};
  const CarryOptions options = carrying();
  const auto carried = carried_pod(spec, options);
  ASSERT_TRUE(carried) << carried.error().message;
  const json pod = json::parse(job_body(spec, {}, &*carried))["spec"]["template"]["spec"];
  ASSERT_EQ(pod["containers"].size(), 3u);
  EXPECT_EQ(pod["containers"][1]["name"], "exporter");
  EXPECT_EQ(pod["containers"][1]["volumeMounts"],
            json::parse(R"([{"name":"v0","mountPath":"/results","subPath":"0"}])"));
  EXPECT_EQ(pod["containers"][2]["name"], "carry-out");
}

TEST(JobBody, WhatCarriesReadsTheFilesOfWhomeverTheImageSays) {
  const AttemptSpec spec = carried_spec();
  const CarryOptions options = carrying();
  const auto carried = carried_pod(spec, options);
  const json pod = json::parse(job_body(spec, {}, &*carried))["spec"]["template"]["spec"];
  const json security = pod["containers"][1]["securityContext"];
  EXPECT_EQ(security["runAsUser"], 0);
  EXPECT_EQ(security["capabilities"], json::parse(R"({"drop":["ALL"],"add":["DAC_OVERRIDE"]})"));
}

TEST(JobBody, APassIsInNoJobForAHand) {
  const AttemptSpec spec = carried_spec();
  EXPECT_EQ(job_by_hand(spec).find("CARRY"), std::string::npos);
}

TEST(CarriedPod, RefusesWhatSeveralAttemptsWrite) {
  AttemptSpec spec = carried_spec();
  spec.main.mounts.push_back({Mount::Kind::Bind, "/results/s/r/volumes/cache", "/cache", true, {}});
  const CarryOptions options = carrying();
  ASSERT_TRUE(carried_pod(spec, options)) << "what is only read may be carried";
  spec.main.mounts.back().read_only = false;
  const auto refused = carried_pod(spec, options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(
      refused.error().message,
      "mount /cache: /results/s/r/volumes/cache is written by several attempts, which cannot be carried; it "
      "wants results that nodes mount");
}

TEST(JobBody, SaysTheWholeAttempt) {
  const json expected = json::parse(R"json({
    "apiVersion": "batch/v1", "kind": "Job",
    "metadata": {"name": "studyctl-0123abcd-89efcdab-0011223344556677-c1-a1",
      "labels": {"studyctl.io/attempt-id": "studyctl-0123abcd-89efcdab-0011223344556677-c1-a1",
                 "studyctl.io/run": "r", "studyctl.io/volume": "v"},
      "annotations": {"studyctl.io/name": "two words"}},
    "spec": {"backoffLimit": 0, "completions": 1, "parallelism": 1,
      "podFailurePolicy": {"rules": [{"action": "FailJob",
                                      "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}]},
      "podReplacementPolicy": "Failed", "template": {
      "metadata": {
        "labels": {"studyctl.io/attempt-id": "studyctl-0123abcd-89efcdab-0011223344556677-c1-a1",
                   "studyctl.io/run": "r", "studyctl.io/volume": "v"},
        "annotations": {"studyctl.io/name": "two words"}},
      "spec": {"restartPolicy": "Never", "automountServiceAccountToken": false, "enableServiceLinks": false,
        "terminationGracePeriodSeconds": 2, "activeDeadlineSeconds": 1502,
        "initContainers": [{"name": "init-0", "image": "acme/fetch:1", "imagePullPolicy": "Always",
                            "securityContext": {"allowPrivilegeEscalation": false}}],
        "containers": [{"name": "main", "image": "acme/x:1", "imagePullPolicy": "IfNotPresent",
          "command": ["/bin/sh", "-c", "echo $$HOME $$(HOME)"], "args": ["a"], "workingDir": "/work",
          "env": [{"name": "A", "value": "1$$x"},
                  {"name": "TOKEN", "valueFrom": {"secretKeyRef": {
                     "name": "studyctl-0123abcd-89efcdab-0011223344556677-c1-a1", "key": "1.TOKEN"}}}],
          "resources": {"limits": {"cpu": "1500m", "memory": "67108864", "nvidia.com/gpu": "2"},
                        "requests": {"cpu": "1500m", "memory": "33554432", "nvidia.com/gpu": "2"}},
          "securityContext": {"allowPrivilegeEscalation": false, "runAsUser": 7,
                              "capabilities": {"drop": ["ALL"]}},
          "volumeMounts": [{"name": "v0", "mountPath": "/results"},
                           {"name": "v1", "mountPath": "/in", "readOnly": true},
                           {"name": "v0", "mountPath": "/again"},
                           {"name": "v2", "mountPath": "/data"},
                           {"name": "v3", "mountPath": "/dev/shm"}]}],
        "volumes": [{"name": "v0", "hostPath": {"path": "/tmp", "type": "Directory"}},
                    {"name": "v1", "hostPath": {"path": "/etc/hostname", "type": "File"}},
                    {"name": "v2", "persistentVolumeClaim": {"claimName": "data"}},
                    {"name": "v3", "emptyDir": {"medium": "Memory", "sizeLimit": "1024"}}]
}
}
}
})json");
  EXPECT_EQ(json::parse(job_body(spec_of_all())), expected);
}

TEST(JobBody, KeepsSecretsInASecretAlone) {
  const AttemptSpec spec = spec_of_all();
  EXPECT_EQ(job_body(spec).find("hunter2"), std::string::npos);
  EXPECT_EQ(job_by_hand(spec).find("hunter2"), std::string::npos);
  EXPECT_EQ(json::parse(secret_body(spec))["data"], json::parse(R"({"1.TOKEN": "aHVudGVyMg=="})"));
}

TEST(JobBody, MakesNoSecretWhereNothingIsSecret) {
  AttemptSpec spec = spec_of_all();
  spec.main.secret_variables.clear();
  EXPECT_EQ(secret_body(spec), "");
}

}  // namespace
}  // namespace studyctl
