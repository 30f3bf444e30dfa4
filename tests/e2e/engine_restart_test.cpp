#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "real_engine.h"

// The engine goes away under running attempts and comes back: the testbed's own scripts kill and restart it.
namespace studyctl {
namespace {

using Phase = Observation::Phase;

// Runs a command of the testbed for the engine that listens at `address`.
void testbed(const std::string& address, const std::string& words) {
  const std::filesystem::path folder =
      std::filesystem::path(address.substr(address.find("//") + 2)).parent_path();
  const std::string name = folder.filename();  // "docker", "podman-instance"
  const std::string engine = name.substr(0, name.find('-'));
  std::string command = "STUDYCTL_TESTBED='" + folder.parent_path().string() +
                        "' '" SOURCE_DIR "/tests/testbed/" + engine + ".sh' " + words;
  if (name != engine) command += " --instance " + name.substr(engine.size() + 1);
  ASSERT_EQ(std::system((command + " >/dev/null").c_str()), 0) << command;
}

class Restart {
 public:
  explicit Restart(const std::string& variable)
      : address_(test_engine(variable)), real_(std::make_unique<RealEngine>(address_)) {}
  ~Restart() { studyctl::testbed(address_, "up"); }

  RealEngine& real() { return *real_; }
  AttemptSpec running(const std::string& name, const std::string& script) {
    const AttemptSpec spec = real_->attempt(name, script);
    real_->engine->create(spec);
    EXPECT_TRUE(real_->await(spec.id, Phase::Created));
    real_->engine->start(spec.id);
    EXPECT_TRUE(real_->until([&] { return text_of(spec.directory / "stdout.log").starts_with("up"); }));
    return spec;
  }
  void testbed(const std::string& words) { studyctl::testbed(address_, words); }

 private:
  std::string address_;
  std::unique_ptr<RealEngine> real_;
};

TEST(EngineRestart, WhatDockerTookWithItIsInterrupted) {
  Restart restart("STUDYCTL_TEST_DOCKER");
  const AttemptSpec spec = restart.running("killed", "echo up; sleep 100");
  restart.testbed("kill");
  restart.real().run_for(Duration(300));
  restart.testbed("up");
  ASSERT_TRUE(restart.real().await(spec.id, Phase::Exited));
  EXPECT_EQ(restart.real().last(spec.id)->reason, Reason::Interrupted)
      << restart.real().last(spec.id)->message;
  EXPECT_EQ(text_of(spec.directory / "stdout.log"), "up\n");
  ASSERT_EQ(restart.real().last(spec.id)->warnings.size(), 1u);
  EXPECT_NE(restart.real().last(spec.id)->warnings[0].find("its log may lack"), std::string::npos);
  EXPECT_TRUE(restart.real().forget(spec.id));
}

TEST(EngineRestart, AnOrderlyRestartOfDockerInterruptsToo) {
  Restart restart("STUDYCTL_TEST_DOCKER");
  const AttemptSpec spec = restart.running("stopped", "echo up; exec sleep 100");
  restart.testbed("restart");
  ASSERT_TRUE(restart.real().await(spec.id, Phase::Exited));
  EXPECT_EQ(restart.real().last(spec.id)->reason, Reason::Interrupted)
      << restart.real().last(spec.id)->message;
}

TEST(EngineRestart, ContainersThatOutliveDockerGoOn) {
  Restart restart("STUDYCTL_TEST_DOCKER");
  restart.testbed("down");
  restart.testbed("up --live-restore");
  const AttemptSpec spec = restart.running("live", "echo up; sleep 4; echo end; exit 7");
  restart.testbed("kill");
  restart.testbed("up --live-restore");
  ASSERT_TRUE(restart.real().await(spec.id, Phase::Exited));
  EXPECT_EQ(restart.real().last(spec.id)->exit_code, 7) << restart.real().last(spec.id)->message;
  EXPECT_EQ(text_of(spec.directory / "stdout.log"), "up\nend\n");
  EXPECT_EQ(restart.real().last(spec.id)->warnings.size(), 1u);
  restart.testbed("down");
}

TEST(EngineRestart, PodmansContainersOutliveItsService) {
  Restart restart("STUDYCTL_TEST_PODMAN");
  const AttemptSpec spec = restart.running("service", "echo up; sleep 8; echo end; exit 7");
  const AttemptSpec quick = restart.running("quick", "echo up; sleep 3; echo end; exit 8");
  restart.testbed("kill");
  restart.real().run_for(Duration(3500));
  EXPECT_EQ(restart.real().find(quick.id, Phase::Exited), nullptr);
  restart.testbed("up");
  ASSERT_TRUE(restart.real().await(quick.id, Phase::Exited));
  EXPECT_EQ(restart.real().last(quick.id)->exit_code, 8);
  EXPECT_EQ(text_of(quick.directory / "stdout.log"), "up\nend\n");
  ASSERT_TRUE(restart.real().await(spec.id, Phase::Exited));
  EXPECT_EQ(restart.real().last(spec.id)->exit_code, 7);
  EXPECT_EQ(restart.real().last(spec.id)->warnings, std::vector<std::string>{});
  EXPECT_EQ(text_of(spec.directory / "stdout.log"), "up\nend\n");
}

// Whatever is asked for while nobody answers is done once somebody does.
class Outage : public ::testing::TestWithParam<std::string> {};

TEST_P(Outage, LosesNoAttempt) {
  Restart restart(GetParam());
  RealEngine& real = restart.real();
  const AttemptSpec before = real.attempt("before", "echo before; exit 3");
  real.engine->create(before);
  ASSERT_TRUE(real.await(before.id, Phase::Created));
  restart.testbed("kill");
  const AttemptSpec during = real.attempt("during", "echo during; exit 4");
  real.engine->create(during);
  real.run_for(Duration(500));
  EXPECT_EQ(real.find(during.id, Phase::Refused), nullptr);
  restart.testbed("up");
  ASSERT_TRUE(real.await(during.id, Phase::Created));
  real.engine->start(before.id);
  real.engine->start(during.id);
  ASSERT_TRUE(real.await(before.id, Phase::Exited));
  ASSERT_TRUE(real.await(during.id, Phase::Exited));
  EXPECT_EQ(real.last(before.id)->exit_code, 3);
  EXPECT_EQ(real.last(during.id)->exit_code, 4);
}

TEST_P(Outage, AStartThatNobodyHeardIsMadeOnce) {
  Restart restart(GetParam());
  RealEngine& real = restart.real();
  const AttemptSpec spec = real.attempt("unheard", "echo up; exit 5");
  real.engine->create(spec);
  ASSERT_TRUE(real.await(spec.id, Phase::Created));
  restart.testbed("kill");
  real.engine->start(spec.id);
  real.run_for(Duration(500));
  restart.testbed("up");
  ASSERT_TRUE(real.await(spec.id, Phase::Exited)) << real.story(spec.id);
  EXPECT_EQ(real.last(spec.id)->exit_code, 5);
  EXPECT_EQ(text_of(spec.directory / "stdout.log"), "up\n");
}

INSTANTIATE_TEST_SUITE_P(Engines, Outage, ::testing::Values("STUDYCTL_TEST_DOCKER", "STUDYCTL_TEST_PODMAN"),
                         [](const auto& engine) {
                           return engine.param == "STUDYCTL_TEST_DOCKER" ? "Docker" : "Podman";
                         });

}  // namespace
}  // namespace studyctl
