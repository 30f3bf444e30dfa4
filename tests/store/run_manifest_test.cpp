#include "store/run_manifest.h"

#include <gtest/gtest.h>

#include "base/temporary_directory.h"
#include "store/run_events.h"

namespace studyctl {
namespace {

TEST(RunManifest, ReadsBackWhatItWrote) {
  const RunManifest manifest{kRunId,
                             "nmr",
                             "designhash",
                             kStart,
                             "kind: Study\nmetadata: {name: nmr}\n",
                             "study.yaml",
                             {"--cycles=3"},
                             {{"xyz/water.xyz", std::string(64, 'a')}},
                             {{"studyctl", "0.1.0"}, {"engine", "docker"}}};
  TemporaryDirectory directory;
  ASSERT_TRUE(write_run_manifest(directory.path(), manifest));
  const Result<RunManifest> read = read_run_manifest(directory.path());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->run_id, kRunId);
  EXPECT_EQ(read->created_at, kStart);
  EXPECT_EQ(read->manifest, manifest.manifest);
  EXPECT_EQ(read->flags, manifest.flags);
  EXPECT_EQ(read->inputs, manifest.inputs);
  EXPECT_EQ(read->environment, manifest.environment);
}

TEST(RunManifest, SaysWhichFileIsBroken) {
  TemporaryDirectory directory;
  EXPECT_EQ(read_run_manifest(directory.path()).error().code, ErrorCode::NotFound);
  EXPECT_EQ(run_manifest_from_json("{\"run_id\": 1}").error().code, ErrorCode::Invalid);
}

TEST(RunManifest, RemembersWhatChangedAndWhen) {
  RunManifest manifest;
  manifest.environment = {{"kernel", "6.1.0-18"}, {"engine", "Docker 20"}};
  EXPECT_FALSE(manifest.note_environment(manifest.environment, {}));
  EXPECT_TRUE(manifest.note_environment({{"kernel", "6.1.0-21"}, {"engine", "Docker 20"}}, {}));
  EXPECT_FALSE(manifest.note_environment({{"kernel", "6.1.0-21"}, {"engine", "Docker 20"}}, {}));
  const auto read = run_manifest_from_json(to_json(manifest));
  ASSERT_TRUE(read && read->changes.size() == 1u);
  EXPECT_EQ(texts_of(read->changes)[0],
            "kernel changed midway, at 1970-01-01T00:00:00.000Z: 6.1.0-18 → 6.1.0-21");
}

TEST(RunManifest, AnImageThatMovedIsAChangeAndOneThatIsNewIsNone) {
  RunManifest manifest;
  EXPECT_TRUE(manifest.note_images({{"acme/bench:1", "sha256:a"}}, {}));
  EXPECT_FALSE(manifest.note_images({{"acme/bench:1", "sha256:a"}}, {}));
  EXPECT_TRUE(manifest.note_images({{"acme/bench:1", "sha256:a"}, {"acme/other:1", "sha256:o"}}, {}));
  EXPECT_TRUE(manifest.changes.empty());
  EXPECT_TRUE(manifest.note_images({{"acme/bench:1", "sha256:b"}}, {}));
  ASSERT_EQ(manifest.changes.size(), 1u);
  EXPECT_EQ(manifest.changes[0].what, "image acme/bench:1");
  EXPECT_EQ(manifest.newest_environment().at(image_fact("acme/bench:1")), "sha256:b");
}

}  // namespace
}  // namespace studyctl
