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

}  // namespace
}  // namespace studyctl
