#include "manifest/manifest.h"

#include <gtest/gtest.h>

#include "manifest/reading_support.h"

namespace studyctl {
namespace {

constexpr const char* kWhole = R"(apiVersion: studyctl.io/v1alpha1
kind: Study
metadata:
  name: whole
  labels: {team: perf}
  annotations: {note: "yes: really"}
spec:
  sweep:
    model: [llama-7b, "1.10"]
    temperature: {from: "0.5", to: "0.9", step: "0.1"}
    "precision, bits": [[fp16, 16], [fp32, 1e-7]]
  exclude:
    - {precision: fp32, model: [llama-7b]}
  experiments:
    - {model: tiny, temperature: 0.5, precision: fp16, bits: 16}
  template:
    metadata: {labels: {a: b}}
    spec:
      initContainers:
        - {name: fetch, image: b, command: [sh, -c, "a: b\n  c\n"]}
      containers:
        - name: main
          image: "acme/${params.model}:1.4"
          command: [bench, --model, "${params.model}", "true", "1", "", " x "]
          env:
            - {name: SEED, value: "${run.seed}"}
            - {name: HF_TOKEN, valueFrom: {secretKeyRef: {name: hf, key: token}}}
            - {name: C, valueFrom: {configMapKeyRef: {name: cfg, key: k}}}
          resources: {limits: {cpu: "1500m", memory: 16Gi, nvidia.com/gpu: 1}, requests: {memory: 1000}}
          volumeMounts: [{name: data, mountPath: /data, readOnly: true}]
          securityContext: {runAsUser: 5, capabilities: {drop: [ALL]}}
      volumes:
        - {name: data, hostPath: {path: /srv/data}}
        - {name: tmp, emptyDir: {medium: Memory, sizeLimit: 64Mi}}
        - {name: sec, secret: {secretName: hf, items: [{key: token, path: t}]}}
  files:
    input.nw: |
      charge ${params.bits}

        indented
    no-newline: "a\nb"
    tab: "a\tb\n"
    mol.xyz: {fromFile: "xyz/${params.model}.xyz"}
  results:
    required: [result.json]
    success: [{file: orca.out, regex: 'TERMINATED'}]
    metrics:
      - {name: force, from: [{file: a.engrad, regex: '(x)'}, {stdout: true, regex: '"(y)\\'}], take: max}
      - {name: latency, from: {file: result.json, pointer: /latency/p50}, unit: ms, goal: minimize}
  execution:
    cycles: 5
    order: Interleaved
    seed: 42
    cooldown: {experiment: 60s}
    timeouts: {run: 45m, stalled: 10m}
    retry:
      limit: 2
      backoff: {factor: 1.50}
      rules:
        - {reasons: [ImagePull], action: Retry, counted: false}
        - {exitCodes: [78], action: Infeasible}
    failureThreshold: {maxFailed: "12.5%", groupBy: [model]}
---
apiVersion: v1
kind: Secret
metadata: {name: hf}
stringData: {token: very-secret}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: cfg}
data: {k: "v\n"}
)";

Manifest whole() {
  auto manifest = read_manifest(kWhole, "whole.yaml");
  EXPECT_TRUE(manifest) << (manifest ? "" : manifest.error().message);
  return manifest ? *std::move(manifest) : Manifest();
}

// As `manifest`, read again from `text`.
void expect_same(const Manifest& manifest, const std::string& text) {
  const auto again = read_manifest(text, "again");
  ASSERT_TRUE(again) << again.error().message << "\n" << text;
  EXPECT_EQ(design_json(*again), design_json(manifest));
  EXPECT_EQ(execution_json(*again), execution_json(manifest));
  EXPECT_EQ(again->study.name, manifest.study.name);
  EXPECT_EQ(again->study.labels, manifest.study.labels);
}

TEST(Manifest, ReadsStudyAndFurtherDocuments) {
  const Manifest manifest = whole();
  EXPECT_EQ(manifest.study.name, "whole");
  EXPECT_EQ(manifest.secrets.at(0).data.at("token"), "very-secret");
  EXPECT_EQ(manifest.configs.at(0).data.at("k"), "v\n");
  EXPECT_TRUE(manifest.warnings.empty());
}

TEST(Manifest, IsTheSameAfterItWasWrittenAsYaml) {
  expect_same(whole(), to_yaml(whole()));
}

TEST(Manifest, AsAppliedReadsTheSame) {
  const auto again = read_applied(whole().applied_json, "again", {});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(design_json(*again), design_json(whole()));
  EXPECT_EQ(execution_json(*again), execution_json(whole()));
}

TEST(Manifest, AsAppliedMayBeLongerThanAManifestMayBe) {
  std::string files = "  files:\n    a: &a '" + std::string(700'000, '"') + "'\n";
  for (int i = 0; i < 8; ++i) files += "    b" + std::to_string(i) + ": *a\n";
  const auto manifest = read_manifest(manifest_with(files), "f");
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_GT(manifest->applied_json.size(), size_t{8} << 20);
  const auto again = read_applied(manifest->applied_json, "applied", {});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(design_json(*again), design_json(*manifest));
}

TEST(Manifest, KeepsSecretsOutOfAllThatIsWritten) {
  const Manifest manifest = whole();
  for (const std::string& text :
       {manifest.applied_json, to_yaml(manifest), design_json(manifest), execution_json(manifest)}) {
    EXPECT_EQ(text.find("very-secret"), std::string::npos);
    EXPECT_EQ(text.find("dmVyeS1zZWNyZXQ"), std::string::npos);
  }
}

TEST(Manifest, ShowsNoSecretInAMessage) {
  const std::string text = manifest_with("") + "---\napiVersion: v1\nkind: Secret\nmetadata: {name: hf}\n";
  EXPECT_EQ(problems_of(text + "data: {token: 'hunter2!'}\n"),
            "study.yaml:10:15: data.token: is not base64; write plain text under stringData");
  EXPECT_EQ(problems_of(text + "stringData: {pin: 12345}\n").find("12345"), std::string::npos);
}

TEST(Manifest, DesignIsTheSameHoweverItIsWritten) {
  const auto a = read_manifest(manifest_with("  sweep: {a: [1, x]}\n"), "a");
  const auto b = read_manifest(
      manifest_with("  execution: {cycles: 3}\n  sweep:\n    \"a\":\n      - 1\n      - 'x'\n"), "b");
  ASSERT_TRUE(a && b);
  EXPECT_EQ(design_json(*a), design_json(*b));
  EXPECT_NE(execution_json(*a), execution_json(*b));
}

TEST(Manifest, DesignDiffersWhenAxesAreInAnotherOrder) {
  const auto a = read_manifest(manifest_with("  sweep: {a: [1], b: [2]}\n"), "a");
  const auto b = read_manifest(manifest_with("  sweep: {b: [2], a: [1]}\n"), "b");
  const auto c = read_manifest(manifest_with("  sweep: {a: [\"1\"], b: [2]}\n"), "c");
  ASSERT_TRUE(a && b && c);
  EXPECT_NE(design_json(*a), design_json(*b));
  EXPECT_NE(design_json(*a), design_json(*c));
}

TEST(Manifest, ShowsEveryDefaultAsYaml) {
  const auto manifest = read_manifest(manifest_with(""), "f");
  ASSERT_TRUE(manifest);
  const std::string yaml = to_yaml(*manifest);
  for (const char* line : {"name: main\n", "imagePullPolicy: IfNotPresent\n", "path: /results\n",
                           "engine: auto\n", "cycles: 1\n", "order: Sequential\n", "grace: 10s\n",
                           "limit: 1000\n", "limit: 0\n", "allowPrivilegeEscalation: false\n"}) {
    EXPECT_NE(yaml.find(line), std::string::npos) << line << yaml;
  }
}

TEST(Manifest, MayBeginWithAByteOrderMark) {
  EXPECT_EQ(problems_of("\xEF\xBB\xBF" + manifest_with("")), "");
}

TEST(Manifest, NamesTheSecondStudyOfAFile) {
  EXPECT_EQ(problems_of(manifest_with("") + "---\n" + manifest_with("")),
            "study.yaml:7:1: a second Study; the first is at study.yaml:1:1: put each in a file of its own");
}

}  // namespace
}  // namespace studyctl
