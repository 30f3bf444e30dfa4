#include <gtest/gtest.h>

#include "manifest/reading_support.h"

namespace studyctl {
namespace {

TEST(Pod, HasTheDefaultsOfOneBox) {
  const Study study = study_of(container_with("image: a"));
  EXPECT_EQ(study.pod.main.name, "main");
  EXPECT_EQ(study.pod.main.image, "a");
  EXPECT_EQ(study.pod.main.pull_policy, PullPolicy::IfNotPresent);
  EXPECT_FALSE(study.pod.main.security.privileged);
  EXPECT_FALSE(study.pod.main.security.allow_privilege_escalation);
  EXPECT_FALSE(study.pod.host_network);
}

TEST(Pod, ReadsAContainerWhole) {
  const Study study = study_of(container_with(
      "name: bench, image: 'a:1', imagePullPolicy: Never, command: [run, \"4\"], args: [-v], workingDir: /w, "
      "env: [{name: A, value: \"1\"}, {name: B}, {name: C, valueFrom: {secretKeyRef: {name: hf, key: "
      "token}}}], "
      "resources: {limits: {cpu: 1500m, memory: 16Gi, nvidia.com/gpu: 2, /dev/dri: \"1\", studyctl.io/pids: "
      "100}, "
      "requests: {cpu: 1, memory: 1Gi}}, "
      "volumeMounts: [{name: d, mountPath: /data, subPath: x, readOnly: true}], "
      "securityContext: {runAsUser: 1000, runAsGroup: 0, readOnlyRootFilesystem: true, capabilities: {add: "
      "[SYS_PTRACE], "
      "drop: [ALL]}}, terminationMessagePath: /dev/termination-log",
      ", volumes: [{name: d, hostPath: {path: /srv}}]"));
  const Container& main = study.pod.main;
  EXPECT_EQ(main.command, (std::vector<std::string>{"run", "4"}));
  EXPECT_EQ(main.environment.at(1).value, "");
  EXPECT_EQ(main.environment.at(2).secret, (SecretReference{"hf", "token"}));
  EXPECT_EQ(main.resources.millicpu, 1500);
  EXPECT_EQ(main.resources.memory_bytes, int64_t{16} << 30);
  EXPECT_EQ(main.resources.millicpu_request, 1000);
  EXPECT_EQ(main.resources.pids, 100);
  EXPECT_EQ(main.resources.devices, (std::vector<DeviceRequest>{{"/dev/dri", 1}, {"nvidia.com/gpu", 2}}));
  EXPECT_EQ(main.mounts.at(0).sub_path, "x");
  EXPECT_TRUE(main.mounts.at(0).read_only);
  EXPECT_EQ(main.security.run_as_user, 1000);
  EXPECT_EQ(main.security.drop_capabilities, std::vector<std::string>{"ALL"});
  EXPECT_EQ(main.termination_message_path, "/dev/termination-log");
}

TEST(Pod, TakesAVariableFromAConfigMapOfTheSameFileAsItIs) {
  const std::string manifest =
      container_with("image: a, env: [{name: A, valueFrom: {configMapKeyRef: {name: cfg, key: k}}}]") +
      "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: cfg}\ndata: {k: 'a ${params.x} $${y}'}\n";
  EXPECT_EQ(study_of(manifest).pod.main.environment.at(0).value, "a $${params.x} $$$${y}");
}

TEST(Pod, SaysWhichConfigMapOrKeyIsMissing) {
  const std::string config = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: cfg}\ndata: {kay: x}\n";
  EXPECT_EQ(
      problems_of(
          container_with("image: a, env: [{name: A, valueFrom: {configMapKeyRef: {name: cfg, key: key}}}]") +
          config),
      "study.yaml:5:107: spec.template.spec.containers[0].env[0].valueFrom.configMapKeyRef.key: unknown key "
      "'key', did you mean 'kay'?");
  EXPECT_EQ(problems_of(container_with(
                "image: a, env: [{name: A, valueFrom: {configMapKeyRef: {name: cgf, key: key}}}]")),
            "study.yaml:5:97: spec.template.spec.containers[0].env[0].valueFrom.configMapKeyRef.name: there "
            "is no ConfigMap 'cgf'; add it as a document of this file, or below --config-dir");
}

TEST(Pod, TakesConfigMapsThatAreElsewhere) {
  Overrides overrides;
  overrides.find_config = [](const std::string& name) -> Result<std::map<std::string, std::string>> {
    if (name == "cfg") return std::map<std::string, std::string>{{"k", "v"}, {"raw", "\xff\xfe"}};
    if (name == "bad") return Error{ErrorCode::Invalid, "/etc/bad/k: is too long"};
    return Error{ErrorCode::NotFound, "no"};
  };
  const std::string text =
      container_with("image: a, env: [{name: A, valueFrom: {configMapKeyRef: {name: cfg, key: k}}}]",
                     ", volumes: [{name: c, configMap: {name: cfg}}]");
  const auto manifest = read_manifest(text, "f", overrides);
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(manifest->study.pod.main.environment.at(0).value, "v");
  EXPECT_EQ(std::get<ProjectedVolume>(manifest->study.pod.volumes.at(0).source).data.at("raw"), "\xff\xfe");
  for (const std::string& written : {manifest->applied_json, to_yaml(*manifest)}) {
    const auto again = read_applied(written, "again", {});
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(design_json(*again), design_json(*manifest));
  }
  EXPECT_EQ(
      problems_of(container_with("image: a",
                                 ", volumes: [{name: c, configMap: {name: bad}}, {name: d, "
                                 "configMap: {name: cgf}}]"),
                  overrides),
      "study.yaml:5:85: spec.template.spec.volumes[0].configMap.name: /etc/bad/k: is too long\n"
      "study.yaml:5:120: spec.template.spec.volumes[1].configMap.name: there is no ConfigMap 'cgf'; add it "
      "as a document of this file, or below --config-dir");
}

TEST(Pod, SaysWhichKeyOfAConfigMapVolumeIsMissing) {
  EXPECT_EQ(
      problems_of(container_with("image: a",
                                 ", volumes: [{name: c, configMap: {name: cfg, items: [{key: "
                                 "kay, path: f}]}}]") +
                  "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: cfg}\ndata: {key: x}\n"),
      "study.yaml:5:104: spec.template.spec.volumes[0].configMap.items[0].key: unknown key, did you mean "
      "'key'?");
}

TEST(Pod, RefusesASecretOnACommandLine) {
  EXPECT_EQ(
      problems_of(container_with(
          "image: a, args: [\"--token=$(T)\", $$(T)], env: [{name: T, valueFrom: {secretKeyRef: {name: s, "
          "key: k}}}, {name: U, value: \"http://$(T)@x\"}]")),
      "study.yaml:5:52: spec.template.spec.containers[0].args[0]: $(T) is a secret, which command lines and "
      "stored specs would show; read T from the environment in the container\n"
      "study.yaml:5:156: spec.template.spec.containers[0].env[1].value: $(T) is a secret, which command "
      "lines and stored specs would show; read T from the environment in the container");
}

TEST(Pod, KnowsWhatStudyctlMountsHoweverItIsWritten) {
  for (const char* path : {"/results", "/results/", "/study/.", "//study"}) {
    EXPECT_NE(problems_of(
                  container_with("image: a, volumeMounts: [{name: d, mountPath: " + std::string(path) + "}]",
                                 ", volumes: [{name: d, emptyDir: {}}]"))
                  .find("is mounted by studyctl; use another directory"),
              std::string::npos)
        << path;
  }
  EXPECT_EQ(
      problems_of(container_with("image: a, volumeMounts: [{name: d, mountPath: /results/d}, {name: d, "
                                 "mountPath: /e}]",
                                 ", volumes: [{name: d, emptyDir: {}}], initContainers: [{name: i, image: b, "
                                 "volumeMounts: [{name: d, mountPath: /e}]}]")),
      "");
}

TEST(Pod, RefusesAnImageWithoutAName) {
  EXPECT_EQ(problems_of(container_with("image: ''")),
            "study.yaml:5:42: spec.template.spec.containers[0].image: is empty; say which image to run");
}

TEST(Pod, ReadsVolumesOfEveryKindOfOneBox) {
  const std::string config = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: cfg}\ndata: {k: x}\n";
  const Study study = study_of(
      container_with("image: a",
                     ", volumes: [{name: a, hostPath: {path: /srv}}, {name: b, emptyDir: {}}, {name: c, "
                     "emptyDir: {medium: "
                     "Memory, sizeLimit: 1Gi}}, {name: d, persistentVolumeClaim: {claimName: data}}, {name: "
                     "e, configMap: "
                     "{name: cfg, items: [{key: k, path: sub/f}]}}, {name: f, secret: {secretName: hf}}]") +
      config);
  ASSERT_EQ(study.pod.volumes.size(), 6u);
  EXPECT_EQ(std::get<HostPathVolume>(study.pod.volumes[0].source).path, "/srv");
  EXPECT_FALSE(std::get<EmptyDirVolume>(study.pod.volumes[1].source).in_memory);
  EXPECT_EQ(std::get<EmptyDirVolume>(study.pod.volumes[2].source).size_limit, 1 << 30);
  EXPECT_EQ(std::get<NamedVolume>(study.pod.volumes[3].source).claim, "data");
  EXPECT_EQ(std::get<ProjectedVolume>(study.pod.volumes[4].source).items.at(0).second, "sub/f");
  EXPECT_TRUE(std::get<ProjectedVolume>(study.pod.volumes[5].source).is_secret);
}

TEST(Pod, ReadsInitContainersAndWhatIsSetForAll) {
  const Study study = study_of(container_with(
      "image: a",
      ", initContainers: [{name: fetch, image: b}], hostNetwork: true, shareProcessNamespace: true, "
      "terminationGracePeriodSeconds: 60, imagePullSecrets: [{name: reg}]"));
  EXPECT_EQ(study.pod.init_containers.at(0).name, "fetch");
  EXPECT_TRUE(study.pod.host_network);
  EXPECT_TRUE(study.pod.share_process_namespace);
  EXPECT_EQ(study.pod.image_pull_secrets, std::vector<std::string>{"reg"});
  EXPECT_EQ(study.execution.timeouts.grace, std::chrono::seconds(60));
}

TEST(Pod, KeepsWhatOnlyAClusterKnowsAsItStands) {
  const Study study = study_of(container_with(
      "image: a",
      ", nodeSelector: {gpu: a100}, tolerations: [{key: gpu, operator: Exists, tolerationSeconds: 60}], "
      "serviceAccountName: loader, automountServiceAccountToken: false, securityContext: {fsGroup: 7}"));
  const std::map<std::string, std::string> expected = {
      {"automountServiceAccountToken", "false"},
      {"nodeSelector", R"({"gpu":"a100"})"},
      {"securityContext", R"({"fsGroup":7})"},
      {"serviceAccountName", R"("loader")"},
      {"tolerations", R"([{"key":"gpu","operator":"Exists","tolerationSeconds":60}])"}};
  EXPECT_EQ(study.pod.cluster_fields, expected);
}

TEST(Pod, GraceOfTheExecutionWinsOverThatOfThePod) {
  const Study study = study_of(container_with("image: a", ", terminationGracePeriodSeconds: 60") +
                               "  execution: {timeouts: {grace: 5s}}\n");
  EXPECT_EQ(study.execution.timeouts.grace, std::chrono::seconds(5));
}

TEST(Pod, IsPrivilegedOnlyInWords) {
  const Study study = study_of(container_with("image: a, securityContext: {privileged: true}"));
  EXPECT_TRUE(study.pod.main.security.privileged);
  EXPECT_TRUE(study.pod.main.security.allow_privilege_escalation);
}

TEST(Pod, HasOneContainerThatRunsTheExperimentAndSidecarsBesideIt) {
  const std::string yaml = container_with(
      "image: a}, {name: b, image: 'b:1', tty: true, ports: [{containerPort: 80}]",
      ", initContainers: [{name: early, image: c, restartPolicy: Always}, {name: once, image: d}]");
  const Study study = study_of(yaml);
  EXPECT_EQ(study.pod.main.image, "a");
  ASSERT_EQ(study.pod.init_containers.size(), 3u);
  EXPECT_EQ(study.pod.init_containers[0].sidecar, Sidecar::FromItsTurn);
  EXPECT_EQ(study.pod.init_containers[1].sidecar, Sidecar::No);
  const Container& beside = study.pod.init_containers[2];
  EXPECT_EQ(beside.sidecar, Sidecar::WithMain);
  EXPECT_EQ(beside.image, "b:1");
  EXPECT_EQ(beside.cluster_fields.at("ports"), R"([{"containerPort":80}])");
  EXPECT_EQ(beside.cluster_fields.at("tty"), "true");
}

TEST(Pod, ASidecarHasANameOfItsOwn) {
  const auto told_of = [](const std::string& name) {
    return problems_of(container_with("name: app, image: a}, {name: " + name + ", image: b"));
  };
  for (const char* name : {"main", "init-0", "carry-out"})
    EXPECT_NE(told_of(name).find("is what studyctl calls a container of its own"), std::string::npos) << name;
  EXPECT_NE(told_of("app").find("is called app as that"), std::string::npos);
}

TEST(Pod, DevicesAreOfTheFirstContainer) {
  const std::string told =
      problems_of(container_with("image: a}, {name: b, image: b, resources: {limits: {nvidia.com/gpu: 1}}"));
  EXPECT_NE(told.find("devices are given to containers[0] alone"), std::string::npos) << told;
}

TEST(Pod, ClaimsAreKeptAsTheyAreWrittenAndAreNoneOfAnOverride) {
  const Study study = study_of(container_with("image: a, resources: {claims: [{name: gpu}]}",
                                              ", resourceClaims: [{name: gpu, resourceClaimName: half}]"));
  EXPECT_EQ(study.pod.main.cluster_fields.at("claims"), R"([{"name":"gpu"}])");
  EXPECT_EQ(study.pod.cluster_fields.at("resourceClaims"), R"([{"name":"gpu","resourceClaimName":"half"}])");
}

TEST(Pod, TakesNoRequestAboveItsLimit) {
  const std::string told = problems_of(container_with(
      "image: a, resources: {limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 2, memory: 2Gi}}"));
  EXPECT_NE(told.find("requests: cpu is more than its limit"), std::string::npos);
  EXPECT_NE(told.find("requests: memory is more than its limit"), std::string::npos);
}

TEST(Pod, MountsNothingOverWhatStudyctlMounts) {
  const std::string told = problems_of(
      container_with("image: a, volumeMounts: [{name: v, mountPath: /study}, {name: v, mountPath: /out}]",
                     ", volumes: [{name: v, emptyDir: {}}]") +
      "  results: {path: /out}\n");
  EXPECT_EQ(told,
            "study.yaml:5:81: spec.template.spec.containers[0].volumeMounts[0].mountPath: /study is mounted "
            "by studyctl; "
            "use another directory\n"
            "study.yaml:5:111: spec.template.spec.containers[0].volumeMounts[1].mountPath: /out is mounted "
            "by studyctl; use "
            "another directory");
}

TEST(Pod, AnEmptyDirMayLiveAsLongAsTheRun) {
  const Study study = study_of(
      "apiVersion: studyctl.io/v1alpha1\nkind: Study\nmetadata: {name: s}\nspec:\n  template: {spec: "
      "{containers: "
      "[{image: a}], volumes: [{name: own, emptyDir: {}}, {name: cache, emptyDir: {}}]}}\n  volumeScopes: "
      "{cache: "
      "Run}\n");
  EXPECT_EQ(std::get<EmptyDirVolume>(study.pod.volumes.at(0).source).scope, VolumeScope::Attempt);
  EXPECT_EQ(std::get<EmptyDirVolume>(study.pod.volumes.at(1).source).scope, VolumeScope::Run);
}

}  // namespace
}  // namespace studyctl
