#include "engine/devices/fitness.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const std::vector<Device> kTwo = {{"nvidia.com/gpu", "GPU-a", {}, {}, {}},
                                  {"nvidia.com/gpu", "1", {}, {}, {}}};
const std::string kFirst = "nvidia.com/gpu=GPU-a", kSecond = "nvidia.com/gpu=1";

DeviceView two_idle_ones() {
  DeviceView view;
  view.gpus.resize(2);
  view.gpus[0].id = "GPU-a";
  view.gpus[1].id = "GPU-b";
  view.gpus[1].index = 1;
  for (GpuReading& gpu : view.gpus) gpu.temperature = 40;
  return view;
}

TEST(Fitness, IdleAndCoolDevicesAreFit) {
  EXPECT_TRUE(unfit_devices(kTwo, {true, 60, minutes(10), {}}, two_idle_ones()).devices.empty());
}

TEST(Fitness, ADeviceThatAStrangerUsesIsUnfitWhereIdleOnesAreAskedFor) {
  DeviceView view = two_idle_ones();
  view.gpus[1].processes = {{4711, uint64_t{2} << 30, "python3"}};
  EXPECT_TRUE(unfit_devices(kTwo, {}, view).devices.empty());
  const Unfit unfit = unfit_devices(kTwo, {true, {}, {}, {}}, view);
  EXPECT_EQ(unfit.devices,
            (std::map<std::string, std::string>{{kSecond, "is used by pid 4711 (python3), 2.0 GiB"}}));
}

TEST(Fitness, MemoryThatWasNotReleasedIsUseToo) {
  DeviceView view = two_idle_ones();
  view.gpus[0].memory_used = uint64_t{600} << 20;
  EXPECT_TRUE(unfit_devices(kTwo, {true, {}, {}, {}}, view).devices.empty()) << "the driver's own";
  view.gpus[0].memory_used = uint64_t{3} << 30;
  EXPECT_EQ(unfit_devices(kTwo, {true, {}, {}, {}}, view).devices.at(kFirst),
            "has 3.0 GiB of its memory in use, and no process that owns it");
}

TEST(Fitness, AHotDeviceIsWaitedForAndThenTakenAllTheSame) {
  DeviceView view = two_idle_ones();
  view.gpus[0].temperature = 78.4;
  const DeviceRules rules{false, 60, minutes(10), {}};
  view.heat_borne = minutes(1);
  Unfit unfit = unfit_devices(kTwo, rules, view);
  EXPECT_TRUE(unfit.for_heat);
  EXPECT_EQ(unfit.devices.at(kFirst), "is at 78 °C, which is not below 60 °C (waits 9m more at most)");
  view.heat_borne = minutes(10);
  unfit = unfit_devices(kTwo, rules, view);
  EXPECT_FALSE(unfit.for_heat);
  EXPECT_TRUE(unfit.devices.empty());
  EXPECT_EQ(unfit.hot.at(kFirst), "is at 78 °C");
}

TEST(Fitness, ADeviceRestsForItsCooldown) {
  DeviceView view = two_idle_ones();
  view.now = Steady(seconds(100));
  const DeviceRules rules{false, {}, {}, {{kFirst, Steady(seconds(142))}, {kSecond, Steady(seconds(100))}}};
  EXPECT_EQ(unfit_devices(kTwo, rules, view).devices,
            (std::map<std::string, std::string>{{kFirst, "rests for 42s more"}}));
}

TEST(Fitness, AQuarantinedDeviceIsUnfitForAll) {
  DeviceView view = two_idle_ones();
  view.quarantined = {{kFirst, "2 faults, the last GpuFault: Xid 48"}};
  EXPECT_EQ(unfit_devices(kTwo, {}, view).devices.at(kFirst),
            "is in quarantine: 2 faults, the last GpuFault: Xid 48");
}

}  // namespace
}  // namespace studyctl
