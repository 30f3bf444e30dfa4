#include "engine/devices/leases.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>

#include "base/temporary_directory.h"
#include "io/run_until.h"

namespace studyctl {
namespace {

const std::vector<Device> kTwo = {{"nvidia.com/gpu", "a", {}, {}, {}}, {"nvidia.com/gpu", "b", {}, {}, {}}};
const std::vector<DeviceRequest> kOne = {{"nvidia.com/gpu", 1}};

TEST(ChooseDevices, TakesTheFirstThatAreFree) {
  const auto chosen = choose_devices(kTwo, {{"nvidia.com/gpu=a", {"container c1", "s"}}}, {}, kOne);
  ASSERT_TRUE(chosen);
  EXPECT_EQ(chosen->at(0).id, "b");
}

TEST(ChooseDevices, SaysWhoHoldsWhatItWaitsFor) {
  const auto chosen =
      choose_devices(kTwo, {{"nvidia.com/gpu=a", {"container c1", "s"}}}, {}, {{"nvidia.com/gpu", 2}});
  ASSERT_FALSE(chosen);
  EXPECT_EQ(chosen.error().code, ErrorCode::Conflict);
  EXPECT_EQ(chosen.error().message,
            "waits for 2 nvidia.com/gpu: nvidia.com/gpu=a is held by container c1 of study s");
}

TEST(ChooseDevices, RefusesMoreThanThereAre) {
  EXPECT_EQ(choose_devices(kTwo, {}, {}, {{"nvidia.com/gpu", 3}}).error().code, ErrorCode::NotFound);
  EXPECT_EQ(choose_devices(kTwo, {}, {}, {{"amd.com/gpu", 1}}).error().message,
            "asks for 1 amd.com/gpu, and this machine has 0");
}

TEST(ChooseDevices, LeasesAPlainNodeToOne) {
  EXPECT_TRUE(choose_devices({}, {}, {}, {{"/dev/null", 1}}));
  EXPECT_EQ(choose_devices({}, {{"/dev/null", {"container c", ""}}}, {}, {{"/dev/null", 1}}).error().message,
            "waits for /dev/null is held by container c");
}

class LeasesTest : public ::testing::Test {
 protected:
  // Asks for one GPU; `got` holds its id once it was granted.
  Leases::Ticket ask(std::string& got) {
    return leases_.acquire(
        {kOne, rules_, [this](const std::string& warning) { warnings_.push_back(warning); }},
        [this](const std::string& message) { message_ = message; },
        [&got](Result<std::vector<Device>> devices) {
          got = devices ? devices->at(0).id : devices.error().message;
        });
  }
  TemporaryDirectory directory_;
  SystemClock clock_;
  EventLoop loop_{clock_};
  HeldDevices held_;
  std::string message_;
  std::vector<std::string> warnings_;
  DeviceRules rules_;
  DeviceView view_;
  Leases leases_{loop_, directory_.path() / "leases",
                 [this](std::function<void(Result<HeldDevices>)> done) { done(held_); },
                 [this](const DeviceRules&) { return view_; }};
};

TEST_F(LeasesTest, GrantsOneAtATimeAndLooksAgainInBetween) {
  leases_.set_inventory(kTwo);
  std::string first, second;
  const auto ticket = ask(first);
  ask(second);
  ASSERT_TRUE(run_until(loop_, [&] { return !first.empty(); }));
  EXPECT_EQ(first, "a");
  loop_.run_once(Duration(0));
  EXPECT_EQ(second, "");
  held_["nvidia.com/gpu=a"] = {"container c1", "s"};
  leases_.release(ticket);
  ASSERT_TRUE(run_until(loop_, [&] { return !second.empty(); }));
  EXPECT_EQ(second, "b");
}

TEST_F(LeasesTest, GrantNothingBeforeTheInventoryIsKnown) {
  std::string got;
  ask(got);
  loop_.run_once(Duration(0));
  loop_.run_once(Duration(0));
  EXPECT_EQ(got, "");
  leases_.set_inventory(kTwo);
  EXPECT_TRUE(run_until(loop_, [&] { return got == "a"; }));
}

TEST_F(LeasesTest, WaitWhileAnotherControllerHoldsTheLock) {
  std::filesystem::create_directories(directory_.path() / "leases");
  const Fd other(open((directory_.path() / "leases/lock").c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0644));
  ASSERT_EQ(flock(other.get(), LOCK_EX | LOCK_NB), 0);
  leases_.set_inventory(kTwo);
  std::string got;
  ask(got);
  for (int i = 0; i < 3; ++i) loop_.run_once(Duration(0));
  EXPECT_EQ(got, "");
  flock(other.get(), LOCK_UN);
  EXPECT_TRUE(run_until(loop_, [&] { return got == "a"; }));
}

TEST_F(LeasesTest, LetOthersPassWhoWantWhatIsFree) {
  std::vector<Device> devices = kTwo;
  devices.push_back({"acme.com/npu", "0", {}, {}, {}});
  leases_.set_inventory(devices);
  held_ = {{"nvidia.com/gpu=a", {"container c", "s"}}, {"nvidia.com/gpu=b", {"container c", "s"}}};
  std::string gpu;
  ask(gpu);
  bool got_npu = false;
  leases_.acquire(
      {{{"acme.com/npu", 1}}, {}}, [](const std::string&) {},
      [&](const Result<std::vector<Device>>& got) { got_npu = bool(got); });
  EXPECT_TRUE(run_until(loop_, [&] { return got_npu; }));
  EXPECT_EQ(gpu, "");
  EXPECT_NE(message_.find("waits for 1 nvidia.com/gpu"), std::string::npos);
}

TEST_F(LeasesTest, LeaveNoLockBehindAWaiterThatGoes) {
  leases_.set_inventory(kTwo);
  std::string got;
  const auto ticket = ask(got);
  ASSERT_TRUE(run_until(loop_, [&] { return got == "a"; }));
  leases_.release(ticket);
  leases_.release(ticket);
  const Fd other(open((directory_.path() / "leases/lock").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(flock(other.get(), LOCK_EX | LOCK_NB), 0);
}

TEST(ChooseDevices, LeavesOutWhatIsUnfitAndSaysWhy) {
  Unfit unfit;
  unfit.devices = {{"nvidia.com/gpu=a", "is used by pid 7"}};
  EXPECT_EQ(choose_devices(kTwo, {}, unfit, kOne)->at(0).id, "b");
  unfit.devices["nvidia.com/gpu=b"] = "is in quarantine: 2 faults";
  EXPECT_EQ(
      choose_devices(kTwo, {}, unfit, kOne).error().message,
      "waits for 1 nvidia.com/gpu: nvidia.com/gpu=a is used by pid 7; nvidia.com/gpu=b is in quarantine: "
      "2 faults");
}

TEST(ChooseDevices, AnAttemptWithoutDevicesWaitsForTheMachinesToCool) {
  Unfit unfit;
  unfit.devices = {{"nvidia.com/gpu=a", "is at 80 °C"}};
  EXPECT_TRUE(choose_devices(kTwo, {}, unfit, {}));
  unfit.for_heat = true;
  EXPECT_EQ(choose_devices(kTwo, {}, unfit, {}).error().message, "waits: nvidia.com/gpu=a is at 80 °C");
}

TEST_F(LeasesTest, TakesAHotDeviceOnceItHasBeenWaitedForLongEnough) {
  rules_.cooler_than = 60;
  rules_.patience = std::chrono::minutes(10);
  view_.gpus.resize(2);
  view_.gpus[0].id = "a";
  view_.gpus[1].id = "b";
  for (GpuReading& gpu : view_.gpus) gpu.temperature = 80;
  leases_.set_inventory(kTwo);
  std::string got;
  ask(got);
  ASSERT_TRUE(run_until(loop_, [&] { return !message_.empty(); }));
  EXPECT_NE(message_.find("is at 80 °C, which is not below 60 °C (waits 10m more at most)"),
            std::string::npos)
      << message_;
  EXPECT_EQ(got, "");
  view_.now += std::chrono::minutes(10);
  leases_.poke();
  ASSERT_TRUE(run_until(loop_, [&] { return !got.empty(); }));
  EXPECT_EQ(warnings_,
            std::vector<std::string>{"nvidia.com/gpu=a is at 80 °C at its start: cooldown.maxWait was over"});
}

}  // namespace
}  // namespace studyctl
