#include <gtest/gtest.h>

#include "cli/manifest_draft.h"
#include "manifest/manifest.h"

namespace studyctl {
namespace {

Study drafted(const ManifestDraft& draft) {
  const auto text = draft_manifest(draft);
  EXPECT_TRUE(text) << text.error().message;
  auto manifest = read_manifest(*text, "study.yaml");
  EXPECT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(manifest->warnings, std::vector<std::string>());
  return manifest->study;
}

TEST(DraftTest, ANameAloneIsEnough) {
  ManifestDraft draft;
  draft.name = "first";
  EXPECT_EQ(drafted(draft).name, "first");
}

TEST(DraftTest, ValuesKeepTheTextThatWasTyped) {
  ManifestDraft draft;
  draft.name = "scan";
  draft.parameters = {"lr=0.10,1e-3,0.2", "on=yes,no", "tag=a b,#x,-q"};
  const Study study = drafted(draft);
  ASSERT_EQ(study.sweep.size(), 3u);
  EXPECT_EQ(study.sweep[0].at(0)[0].text, "0.10");
  EXPECT_EQ(study.sweep[0].at(2)[0].kind, Value::Kind::Number);
  EXPECT_EQ(study.sweep[1].names[0], "on");
  EXPECT_EQ(study.sweep[1].at(0)[0].text, "yes");
  EXPECT_EQ(study.sweep[2].at(1)[0].text, "#x");
}

TEST(DraftTest, TheCommandAndLimitsAreThoseThatWereTyped) {
  ManifestDraft draft;
  draft.name = "scan";
  draft.image = "registry:5000/acme/train:1";
  draft.command = {"train", "--lr", "${params.lr}", "--note", "it's \"fine\""};
  draft.parameters = {"lr=1,2"};
  draft.cpu = "2";
  draft.memory = "8Gi";
  draft.gpus = 1;
  draft.cycles = 3;
  const Study study = drafted(draft);
  EXPECT_EQ(study.pod.main.image, draft.image);
  EXPECT_EQ(study.pod.main.command, draft.command);
  EXPECT_EQ(study.pod.main.resources.millicpu, 2000);
  EXPECT_EQ(study.pod.main.resources.memory_bytes, int64_t{8} << 30);
  EXPECT_EQ(study.pod.main.resources.devices.size(), 1u);
  EXPECT_EQ(study.execution.cycles, 3u);
}

TEST(DraftTest, WhatValidateWouldRefuseIsRefused) {
  ManifestDraft draft;
  draft.name = "Not A Name";
  EXPECT_FALSE(draft_manifest(draft));
  draft.name = "fine";
  draft.parameters = {"lr"};
  EXPECT_FALSE(draft_manifest(draft));
  draft.parameters = {"lr="};
  EXPECT_FALSE(draft_manifest(draft));
}

}  // namespace
}  // namespace studyctl
