#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "real_engine.h"

// The wiring of devices: which nodes are in a container, and who holds them. The devices stand in for GPUs
// (CDI devices on Podman, NVIDIA's hook on Docker, both from tests/testbed); that a GPU computes is shown by
// none of this.
namespace studyctl {
namespace {

using Phase = Observation::Phase;

class Devices : public ::testing::TestWithParam<std::string> {
 protected:
  bool is_docker() const { return GetParam() == "STUDYCTL_TEST_DOCKER"; }
  std::string kind() const { return is_docker() ? "nvidia.com/gpu" : "studyctl.test/gpu"; }
  std::string node() const { return is_docker() ? "/dev/nvidia" : "/dev/fakegpu"; }

  std::unique_ptr<RealEngine> open() {
    DockerOptions options;
    options.lease_directory = leases_;
    if (is_docker()) options.devices.gpus = "0,1";
    return std::make_unique<RealEngine>(test_engine(GetParam()), options);
  }
  AttemptSpec wanting(RealEngine& real, const std::string& name, int count, const std::string& script) {
    AttemptSpec spec = real.attempt(name, script);
    spec.devices = {{kind(), count}};
    return spec;
  }
  std::filesystem::path leases_ =
      std::filesystem::temp_directory_path() / ("studyctl-leases-" + random_uuid());
  std::unique_ptr<RealEngine> real_ = open();

  ~Devices() override {
    real_.reset();
    std::filesystem::remove_all(leases_);
  }
};

TEST_P(Devices, AreCounted) {
  std::optional<Result<Inventory>> inventory;
  real_->engine->inspect([&](Result<Inventory> found) { inventory = std::move(found); });
  ASSERT_TRUE(real_->until([&] { return inventory.has_value(); }));
  ASSERT_TRUE(*inventory);
  EXPECT_EQ((*inventory)->devices.at(kind()), 2);
  EXPECT_GT((*inventory)->memory_bytes, 0);
  EXPECT_EQ((*inventory)->kind, is_docker() ? "docker" : "podman");
}

TEST_P(Devices, TheOneThatIsLeasedIsInTheContainerAndNoOther) {
  const std::string script =
      "for n in 0 1; do [ -e " + node() + "$n ] && echo $n; done; echo ${NVIDIA_EXTRA-unset}";
  AttemptSpec first = wanting(*real_, "first", 1, script);
  first.main.environment = {{"NVIDIA_EXTRA", "1"}};
  const Observation end = real_->run(first);
  EXPECT_EQ(end.exit_code, 0) << end.message;
  EXPECT_EQ(end.devices, std::vector<std::string>{kind() + "=0"});
  EXPECT_EQ(text_of(first.directory / "stdout.log"), "0\nunset\n");
  const AttemptSpec second = wanting(*real_, "second", 1, script);
  EXPECT_EQ(real_->run(second).devices, std::vector<std::string>{kind() + "=1"});
  EXPECT_EQ(text_of(second.directory / "stdout.log"), "1\nunset\n");
}

TEST_P(Devices, AreHeldUntilTheLastContainerIsGone) {
  const AttemptSpec first = wanting(*real_, "first", 2, "true");
  ASSERT_EQ(real_->run(first).phase, Phase::Exited);
  // Another controller, with a volume of its own.
  const auto other = open();
  const AttemptSpec second = wanting(*other, "second", 1, "true");
  other->engine->create(second);
  ASSERT_TRUE(other->await(second.id, Phase::Preparing));
  other->run_for(Duration(1500));
  EXPECT_EQ(other->last(second.id)->phase, Phase::Preparing);
  EXPECT_EQ(other->last(second.id)->message,
            "waits for 1 " + kind() + ": " + kind() + "=0 is held by container " + first.id.text +
                " of study contract; " + kind() + "=1 is held by container " + first.id.text +
                " of study contract");
  ASSERT_TRUE(real_->forget(first.id));
  EXPECT_TRUE(other->await(second.id, Phase::Created));
}

TEST_P(Devices, ThatDoNotExistAreRefused) {
  const AttemptSpec spec = wanting(*real_, "too-many", 3, "true");
  const Observation end = real_->run(spec);
  EXPECT_EQ(end.phase, Phase::Refused);
  EXPECT_EQ(end.message, "asks for 3 " + kind() + ", and this machine has 2");
}

TEST_P(Devices, AWaitForThemCanBeStopped) {
  const AttemptSpec first = wanting(*real_, "first", 2, "true");
  ASSERT_EQ(real_->run(first).phase, Phase::Exited);
  const AttemptSpec second = wanting(*real_, "second", 1, "true");
  real_->engine->create(second);
  ASSERT_TRUE(real_->await(second.id, Phase::Preparing));
  real_->engine->stop(second.id, Duration(0));
  ASSERT_TRUE(real_->await(second.id, Phase::Refused));
  EXPECT_EQ(real_->last(second.id)->reason, Reason::Cancelled);
}

TEST_P(Devices, APlainNodeIsHandedOver) {
  AttemptSpec spec = real_->attempt("plain", "[ -c /dev/loop-control ] && echo there");
  spec.devices = {{"/dev/loop-control", 1}};
  if (!std::filesystem::exists("/dev/loop-control")) spec.devices[0].kind = "/dev/fuse";
  spec.main.command = {"/bin/sh", "-c", "[ -c " + spec.devices[0].kind + " ] && echo there"};
  const Observation end = real_->run(spec);
  EXPECT_EQ(end.exit_code, 0) << end.message;
  EXPECT_EQ(end.devices, std::vector<std::string>{spec.devices[0].kind});
  EXPECT_EQ(text_of(spec.directory / "stdout.log"), "there\n");
}

INSTANTIATE_TEST_SUITE_P(Engines, Devices, ::testing::Values("STUDYCTL_TEST_DOCKER", "STUDYCTL_TEST_PODMAN"),
                         [](const auto& engine) {
                           return engine.param == "STUDYCTL_TEST_DOCKER" ? "Docker" : "Podman";
                         });

// The testbed's stand-in for NVIDIA's hook fails while a file called nvidia-fail lies beside the socket.
TEST(BrokenDriver, EndsAnAttemptAsGpuLost) {
  DockerOptions options;
  options.devices.gpus = "0";
  RealEngine real(test_engine("STUDYCTL_TEST_DOCKER"), options);
  const auto flag = std::filesystem::path(real.endpoint.address.unix_socket).parent_path() / "nvidia-fail";
  std::ofstream(flag) << "";
  AttemptSpec spec = real.attempt("broken", "true");
  spec.devices = {{"nvidia.com/gpu", 1}};
  const Observation end = real.run(spec);
  std::filesystem::remove(flag);
  EXPECT_EQ(end.phase, Phase::Refused);
  EXPECT_EQ(end.reason, Reason::GpuLost);
  EXPECT_NE(end.message.find("nvidia-container-cli"), std::string::npos) << end.message;
}

}  // namespace
}  // namespace studyctl
