#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "real_engine.h"
#include "real_processes.h"

// Who holds a device that plain processes lease, whoever dies meanwhile. The devices are names alone: that a
// GPU computes is shown by none of this.
namespace studyctl {
namespace {

using Phase = Observation::Phase;
using Names = std::vector<std::string>;

class ProcessDevices : public ::testing::Test {
 protected:
  ~ProcessDevices() override {
    real_.reset();
    std::filesystem::remove_all(leases_);
  }
  std::unique_ptr<RealProcesses> open() {
    MachineDevices::Places places{leases_, {{}, "/dev", "0,1"}};
    return std::make_unique<RealProcesses>(std::move(places), Names{});
  }
  static AttemptSpec wanting(AnyEngine& real, const std::string& name, int count, const std::string& script) {
    AttemptSpec spec = real.attempt(name, script);
    spec.devices = {{"nvidia.com/gpu", count}};
    return spec;
  }
  static bool begin(AnyEngine& real, const AttemptSpec& spec) {
    real.engine->create(spec);
    if (!real.await(spec.id, Phase::Created)) return false;
    real.engine->start(spec.id);
    return real.await(spec.id, Phase::Running);
  }
  // What is said of one that cannot have its devices yet.
  std::string told_to_wait(const AttemptSpec& spec) {
    real_->engine->create(spec);
    return real_->await(spec.id, Phase::Preparing) ? real_->last(spec.id)->message : "it does not wait";
  }
  // Whether another controller gets one for an attempt that it makes now, and runs.
  bool is_free() {
    const auto other = open();
    const AttemptSpec spec = wanting(*other, "other", 1, "true");
    other->engine->create(spec);
    if (!other->until([&] { return other->last(spec.id) != nullptr; })) throw std::runtime_error("no answer");
    return other->last(spec.id)->phase == Phase::Created;
  }
  std::filesystem::path leases_ =
      std::filesystem::temp_directory_path() / ("studyctl-leases-" + random_uuid());
  std::unique_ptr<RealProcesses> real_ = open();
};

TEST_F(ProcessDevices, AreCountedAndSeenByTheOneThatLeasesThem) {
  std::optional<Result<Inventory>> inventory;
  real_->engine->inspect([&](Result<Inventory> found) { inventory = std::move(found); });
  ASSERT_TRUE(real_->until([&] { return inventory.has_value(); }));
  ASSERT_TRUE(*inventory);
  EXPECT_EQ((*inventory)->devices.at("nvidia.com/gpu"), 2);
  AttemptSpec spec = wanting(*real_, "sees", 1, "echo $CUDA_VISIBLE_DEVICES $NVIDIA_VISIBLE_DEVICES");
  spec.main.environment = {{"CUDA_VISIBLE_DEVICES", "0,1"}, {"NVIDIA_VISIBLE_DEVICES", "all"}};
  spec.init.push_back(spec.main);
  spec.init.back().environment.clear();
  spec.init.back().command = {"/bin/sh", "-c", "echo \"in init: $CUDA_VISIBLE_DEVICES\""};
  const Observation end = real_->run(spec);
  EXPECT_EQ(end.devices, Names{"nvidia.com/gpu=0"}) << end.message;
  EXPECT_EQ(text_of(spec.directory / "stdout.log"), "0 0\n");
  EXPECT_EQ(text_of(spec.directory / "init-0.log"), "in init: \n");
}

TEST_F(ProcessDevices, ThatDoNotExistAreRefused) {
  const Observation end = real_->run(wanting(*real_, "too-many", 3, "true"));
  EXPECT_EQ(end.phase, Phase::Refused);
  EXPECT_EQ(end.message, "asks for 3 nvidia.com/gpu, and this machine has 2");
}

TEST_F(ProcessDevices, AreWaitedForUntilTheirProcessHasEnded) {
  const AttemptSpec first =
      wanting(*real_, "first", 2, "while [ ! -e " + leases_.string() + ".go ]; do sleep 0.05; done");
  ASSERT_TRUE(begin(*real_, first));
  const AttemptSpec second = wanting(*real_, "second", 1, "true");
  EXPECT_EQ(told_to_wait(second), "waits for 1 nvidia.com/gpu: nvidia.com/gpu=0 is held by process " +
                                      first.id.text +
                                      " of study contract; nvidia.com/gpu=1 is held by process " +
                                      first.id.text + " of study contract");
  EXPECT_FALSE(is_free());
  const AttemptSpec third = wanting(*real_, "third", 1, "true");
  real_->engine->create(third);
  ASSERT_TRUE(real_->await(third.id, Phase::Preparing));
  real_->engine->stop(third.id, Duration(0));
  ASSERT_TRUE(real_->await(third.id, Phase::Refused));
  EXPECT_EQ(real_->last(third.id)->reason, Reason::Cancelled);
  std::ofstream(leases_.string() + ".go") << "";
  EXPECT_TRUE(real_->await(second.id, Phase::Created));  // before anybody forgets the first
  std::filesystem::remove(leases_.string() + ".go");
}

TEST_F(ProcessDevices, AreHeldWhenTheControllerIsGoneAndKnownToTheNextOne) {
  const AttemptSpec spec = wanting(*real_, "outlives", 2, "sleep 60");
  ASSERT_TRUE(begin(*real_, spec));
  real_->begin();
  EXPECT_FALSE(is_free());
  ASSERT_TRUE(real_->resync({{spec, true}}));
  EXPECT_EQ(real_->last(spec.id)->devices, (Names{"nvidia.com/gpu=0", "nvidia.com/gpu=1"}));
  real_->engine->stop(spec.id, Duration(0));
  ASSERT_TRUE(real_->await(spec.id, Phase::Exited));
  EXPECT_TRUE(is_free());
}

TEST_F(ProcessDevices, AreFreeWhenTheControllerDiesBeforeTheStart) {
  const AttemptSpec spec = wanting(*real_, "unstarted", 2, "true");
  real_->engine->create(spec);
  ASSERT_TRUE(real_->await(spec.id, Phase::Created));
  EXPECT_FALSE(is_free());
  real_->begin();
  EXPECT_TRUE(is_free());
}

TEST_F(ProcessDevices, AreHeldByWhatRunsOnWithoutASupervisor) {
  const AttemptSpec spec = wanting(*real_, "orphan", 2, "sleep 60 & wait");
  ASSERT_TRUE(begin(*real_, spec));
  const std::string told = real_->last(spec.id)->container;
  const int pid = std::stoi(told.substr(told.rfind(' ') + 1));
  const int supervisor = real_->supervisor();
  ASSERT_GT(supervisor, 0);
  real_->engine.reset();  // nobody starts another one
  ::kill(supervisor, SIGKILL);
  ASSERT_TRUE(real_->until([&] { return !std::filesystem::exists("/proc/" + std::to_string(supervisor)); }));
  EXPECT_FALSE(is_free());
  ::kill(-pid, SIGKILL);
  EXPECT_TRUE(real_->until([&] { return is_free(); }));
  real_->begin();
}

// Both ways.
class DevicesBeside : public ProcessDevices, public ::testing::WithParamInterface<std::string> {};

TEST_P(DevicesBeside, AContainerAndAProcessNeverHaveTheSame) {
  DockerOptions options;
  options.lease_directory = leases_;
  options.devices.gpus = "0,1";
  RealEngine containers(test_engine(GetParam()), options);
  real_ = std::make_unique<RealProcesses>(MachineDevices::Places{leases_, {{}, "/dev", "0,1"}},
                                          Names{test_engine(GetParam())});
  const AttemptSpec process = wanting(*real_, "process", 1, "sleep 60");
  ASSERT_TRUE(begin(*real_, process));
  EXPECT_EQ(real_->last(process.id)->devices, Names{"nvidia.com/gpu=0"});
  const AttemptSpec container = wanting(containers, "container", 1, "true");
  containers.engine->create(container);
  ASSERT_TRUE(containers.await(container.id, Phase::Created));
  EXPECT_EQ(containers.last(container.id)->devices, Names{"nvidia.com/gpu=1"});
  const AttemptSpec waits = wanting(*real_, "waits", 1, "true");
  EXPECT_EQ(told_to_wait(waits), "waits for 1 nvidia.com/gpu: nvidia.com/gpu=0 is held by process " +
                                     process.id.text +
                                     " of study contract; nvidia.com/gpu=1 is held by container " +
                                     container.id.text + " of study contract");
  ASSERT_TRUE(containers.forget(container.id));
  EXPECT_TRUE(real_->await(waits.id, Phase::Created));
}

INSTANTIATE_TEST_SUITE_P(Engines, DevicesBeside, ::testing::Values("STUDYCTL_TEST_DOCKER"),
                         [](const auto&) { return "Docker"; });

}  // namespace
}  // namespace studyctl
