#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "real_engine.h"

// What engine.h promises, on each real engine.
namespace studyctl {
namespace {

using Phase = Observation::Phase;

class EngineContract : public ::testing::TestWithParam<std::string> {
 protected:
  RealEngine& real() {
    if (!real_) real_ = std::make_unique<RealEngine>(test_engine(GetParam()));
    return *real_;
  }
  std::unique_ptr<RealEngine> real_;
};

TEST_P(EngineContract, RunsAnAttemptAndBringsItsLogsAndExitCode) {
  const AttemptSpec spec = real().attempt("simple", "echo out; echo err >&2; exit 7");
  const Observation end = real().run(spec);
  EXPECT_EQ(end.phase, Phase::Exited);
  EXPECT_EQ(end.exit_code, 7);
  EXPECT_EQ(end.signal, 0);
  EXPECT_EQ(end.reason, Reason::Error);
  EXPECT_EQ(end.message, "exited with code 7");
  EXPECT_TRUE(end.image_digest.starts_with("sha256:"));
  ASSERT_TRUE(end.started_at && end.finished_at);
  EXPECT_GE(*end.finished_at, *end.started_at);
  EXPECT_EQ(text_of(spec.directory / "stdout.log"), "out\n");
  EXPECT_EQ(text_of(spec.directory / "stderr.log"), "err\n");
  EXPECT_EQ(real().count(spec.id, Phase::Created), 1);
  EXPECT_EQ(real().count(spec.id, Phase::Running), 1);
  EXPECT_EQ(real().count(spec.id, Phase::Exited), 1);
  EXPECT_TRUE(real().forget(spec.id));
  EXPECT_TRUE(real().ours().empty());
}

INSTANTIATE_TEST_SUITE_P(Engines, EngineContract,
                         ::testing::Values("STUDYCTL_TEST_DOCKER", "STUDYCTL_TEST_PODMAN"),
                         [](const auto& engine) {
                           return engine.param == "STUDYCTL_TEST_DOCKER" ? "Docker" : "Podman";
                         });

}  // namespace
}  // namespace studyctl
