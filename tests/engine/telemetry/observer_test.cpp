#include "engine/telemetry/observer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace studyctl {
namespace {

namespace fs = std::filesystem;

class TurnedClock final : public Clock {
 public:
  Instant now() const override { return {}; }
  Steady steady() const override { return at; }
  Steady at{std::chrono::hours(1)};
};

// A machine whose /proc and /sys are files of ours.
class TelemetryTest : public ::testing::Test {
 protected:
  TelemetryTest() { cpu_busy(0); }
  ~TelemetryTest() override { fs::remove_all(root); }

  static fs::path new_directory() {
    std::string name = (fs::temp_directory_path() / "telemetry.XXXXXX").string();
    return mkdtemp(name.data());
  }
  static void write(const fs::path& file, const std::string& text) {
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  void cpu_busy(double seconds) {
    const long ticks = static_cast<long>(seconds * static_cast<double>(sysconf(_SC_CLK_TCK)));
    write(places.proc / "stat", "cpu  " + std::to_string(ticks) + " 0 0 999 5 0 0 0 0 0\n");
  }
  void process(int pid, const std::string& group, double cpu_seconds) {
    write(places.proc / std::to_string(pid) / "cgroup", "0::/" + group + "\n");
    write(places.sys / "fs/cgroup" / group / "cpu.stat",
          "usage_usec " + std::to_string(static_cast<long>(cpu_seconds * 1e6)) + "\nuser_usec 1\n");
  }
  void pass(std::chrono::milliseconds time) {
    clock.at += time;
    observer.sample();
  }

  TurnedClock clock;
  fs::path root = new_directory();
  HostPlaces places{root / "proc", root / "sys"};
  std::vector<GpuReading> gpus;
  int looks = 0;
  MachineObserver observer{clock, places, [this] {
                             ++looks;
                             return MachineReading{read_host(places), gpus};
                           }};
};

TEST_F(TelemetryTest, OtherWorkOnTheMachineDisturbsAMeasurement) {
  process(7, "docker/seven", 0);
  observer.begin({"a1"}, 7, {});
  process(7, "docker/seven", 10);
  cpu_busy(10 + 6);
  pass(std::chrono::seconds(10));
  const Conditions conditions = observer.end({"a1"});
  EXPECT_DOUBLE_EQ(conditions.own_cores, 1);
  EXPECT_DOUBLE_EQ(conditions.strangers_cores, 0.6);
  EXPECT_EQ(conditions.disturbances, std::vector<std::string>{"0.6 cores were busy with other work"});
}

// A tick of the kernel's clock (10 ms) would be 3.3 cores of these 3 ms.
TEST_F(TelemetryTest, OverAMomentNobodyCanTellWhetherOthersWorked) {
  process(7, "docker/seven", 0);
  observer.begin({"a1"}, 7, {});
  cpu_busy(0.01);
  pass(std::chrono::milliseconds(3));
  const Conditions conditions = observer.end({"a1"});
  EXPECT_EQ(conditions.samples, 1u);
  EXPECT_DOUBLE_EQ(conditions.strangers_cores, 0);
  EXPECT_TRUE(conditions.flags.empty());
}

TEST_F(TelemetryTest, AProcessWithoutAGroupOfItsOwnIsCountedWithItsDescendants) {
  const auto used = [this](int pid, double seconds, double of_waited_for, const std::string& children) {
    const double per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
    const fs::path folder = places.proc / std::to_string(pid);
    write(folder / "stat", std::to_string(pid) + " (a) b) S 1 1 1 0 -1 0 0 0 0 0 " +
                               std::to_string(static_cast<long>(seconds * per_second)) + " 0 " +
                               std::to_string(static_cast<long>(of_waited_for * per_second)) + " 0 20\n");
    write(folder / "task" / std::to_string(pid) / "children", children);
  };
  used(7, 1, 0, "");
  observer.begin({"a1"}, 7, {}, MachineObserver::Account::Tree);
  used(7, 2, 3, "8 ");
  used(8, 5, 0, "");
  cpu_busy(11);
  pass(std::chrono::seconds(10));
  const Conditions conditions = observer.end({"a1"});
  EXPECT_DOUBLE_EQ(conditions.own_cores, 0.9);
  EXPECT_DOUBLE_EQ(conditions.strangers_cores, 0.2);
  EXPECT_EQ(cpu_seconds_of_tree(9, places), std::nullopt);
}

TEST_F(TelemetryTest, AttemptsOfOurOwnAreNoStrangersToEachOther) {
  process(7, "docker/seven", 0);
  process(8, "docker/eight", 100);
  observer.begin({"a1"}, 7, {});
  observer.begin({"a2"}, 8, {});
  process(7, "docker/seven", 10);
  process(8, "docker/eight", 120);
  cpu_busy(30);
  pass(std::chrono::seconds(10));
  EXPECT_DOUBLE_EQ(observer.end({"a1"}).strangers_cores, 0);
  EXPECT_DOUBLE_EQ(observer.end({"a2"}).own_cores, 2);
}

TEST_F(TelemetryTest, WhatBeginsAtOnceBeginsWithOneLook) {
  for (const char* attempt : {"a1", "a2", "a3"}) {
    process(7, "docker/seven", 0);
    observer.begin({attempt}, 7, {});
    clock.at += std::chrono::milliseconds(40);
  }
  EXPECT_EQ(looks, 1);
  clock.at += std::chrono::milliseconds(40);
  observer.begin({"a4"}, 7, {});
  EXPECT_EQ(looks, 2);
  observer.begin({"a5"}, 7, {"GPU-1"});
  EXPECT_EQ(looks, 2) << "at this very instant it was looked at";
  clock.at += std::chrono::milliseconds(1);
  observer.begin({"a6"}, 7, {"GPU-1"});
  EXPECT_EQ(looks, 3) << "what a GPU used before is not this attempt's";
}

TEST_F(TelemetryTest, WhatEndedBetweenTwoLooksIsNoStrangerEither) {
  process(7, "docker/seven", 0);
  process(8, "docker/eight", 0);
  observer.begin({"a1"}, 7, {});
  observer.begin({"a2"}, 8, {});
  observer.end({"a2"});
  cpu_busy(50);
  pass(std::chrono::seconds(10));
  EXPECT_TRUE(observer.end({"a1"}).disturbances.empty());
}

TEST_F(TelemetryTest, WhoseOwnWorkCannotBeReadHasNoStrangers) {
  write(places.proc / "7/cgroup", "0::/elsewhere\n");
  observer.begin({"a1"}, 7, {});
  cpu_busy(20);
  pass(std::chrono::seconds(10));
  const Conditions conditions = observer.end({"a1"});
  EXPECT_EQ(conditions.samples, 1u);
  EXPECT_DOUBLE_EQ(conditions.strangers_cores, 0);
  EXPECT_TRUE(conditions.flags.empty());
}

TEST_F(TelemetryTest, AHotGpuIsAReasonToDoubtAndAPowerCapIsNot) {
  process(7, "docker/seven", 0);
  GpuReading gpu;
  gpu.id = "GPU-1";
  gpu.power = 300;
  gpu.temperature = 70;
  gpu.energy = 1000;
  gpu.throttled_by = {"power cap"};
  gpus = {gpu};
  observer.begin({"a1"}, 7, {"GPU-1"});
  pass(std::chrono::seconds(2));
  gpus[0].power = 100;
  gpus[0].temperature = 91;
  gpus[0].energy = 1800;
  gpus[0].throttled_by = {"hardware thermal", "power cap"};
  pass(std::chrono::seconds(2));
  const Conditions conditions = observer.end({"a1"});
  ASSERT_EQ(conditions.gpus.size(), 1u);
  EXPECT_EQ(conditions.gpus[0].power_mean, 200);
  EXPECT_EQ(conditions.gpus[0].temperature_max, 91);
  EXPECT_EQ(conditions.gpus[0].energy, 800);
  EXPECT_EQ(conditions.gpus[0].throttled_by, (std::vector<std::string>{"power cap", "hardware thermal"}));
  EXPECT_EQ(conditions.disturbances, std::vector<std::string>{"throttled: GPU-1 hardware thermal"});
}

TEST_F(TelemetryTest, AStrangersProcessOnTheLeasedGpuIsSeen) {
  process(7, "docker/seven", 0);
  process(9, "docker/seven", 0);
  process(11, "user.slice", 0);
  GpuReading gpu;
  gpu.id = "GPU-1";
  gpu.processes = {{9, 0, ""}};
  gpus = {gpu};
  observer.begin({"a1"}, 7, {"GPU-1"});
  observer.begin({"a2"}, 7, {"GPU-1"});
  pass(std::chrono::seconds(1));
  EXPECT_TRUE(observer.end({"a1"}).disturbances.empty()) << "it is in the same container";
  gpus[0].processes = {{9, 0, ""}, {11, 0, ""}};
  pass(std::chrono::seconds(1));
  const Conditions conditions = observer.end({"a2"});
  EXPECT_EQ(conditions.disturbances, std::vector<std::string>{"another process computed on its GPU"});
  EXPECT_EQ(conditions.flags, std::vector<std::string>{"disturbed"});
}

TEST_F(TelemetryTest, ReadsClocksHeatAndEnergyWhereTheKernelTellsThem) {
  write(places.sys / "devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "3000000\n");
  write(places.sys / "devices/system/cpu/cpu1/cpufreq/scaling_cur_freq", "2000000\n");
  write(places.sys / "devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "3\n");
  write(places.sys / "class/hwmon/hwmon0/name", "nvme\n");
  write(places.sys / "class/hwmon/hwmon0/temp1_input", "99000\n");
  write(places.sys / "class/hwmon/hwmon1/name", "coretemp\n");
  write(places.sys / "class/hwmon/hwmon1/temp1_input", "61500\n");
  write(places.sys / "class/hwmon/hwmon1/temp1_max", "100000\n");
  write(places.sys / "class/powercap/intel-rapl:0/energy_uj", "5000000\n");
  write(places.sys / "class/powercap/intel-rapl:0/max_energy_range_uj", "6000000\n");
  write(places.sys / "class/powercap/intel-rapl:0:0/energy_uj", "4000000\n");
  const HostReading host = read_host(places);
  EXPECT_EQ(host.cpu_mhz, 2500);
  EXPECT_EQ(host.temperature, 61.5) << "the disk's sensor is no CPU's";
  EXPECT_EQ(host.throttles, 3u);
  ASSERT_EQ(host.energy.size(), 1u);
  EXPECT_EQ(host.energy[0].joules, 5);

  process(7, "docker/seven", 0);
  observer.begin({"a1"}, 7, {});
  write(places.sys / "class/powercap/intel-rapl:0/energy_uj", "1000000\n");
  write(places.sys / "devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "4\n");
  pass(std::chrono::seconds(1));
  const Conditions conditions = observer.end({"a1"});
  EXPECT_EQ(conditions.energy, 2) << "the counter began again at 0";
  EXPECT_EQ(conditions.disturbances, std::vector<std::string>{"throttled: the CPU was slowed for its heat"});
  EXPECT_EQ(conditions.flags, std::vector<std::string>{"throttled"});
}

TEST_F(TelemetryTest, CpuTimeOfAContainerIsReadUnderTheOldGroupsToo) {
  write(places.proc / "7/cgroup", "4:memory:/docker/x\n3:cpu,cpuacct:/docker/x\n0::/\n");
  write(places.sys / "fs/cgroup/cpu,cpuacct/docker/x/cpuacct.usage", "2500000000\n");
  EXPECT_EQ(cpu_seconds_of_groups(groups_of(7, places), places), 2.5);
  EXPECT_FALSE(cpu_seconds_of_groups(groups_of(8, places), places));
}

// The kernel moves a process that has ended, and that nobody has waited for, into the root.
TEST_F(TelemetryTest, WhatTheWholeMachineUsedIsNobodysOwn) {
  write(places.sys / "fs/cgroup/cpu,cpuacct/cpuacct.usage", "9000000000000\n");
  write(places.sys / "fs/cgroup/memory/memory.oom_control", "oom_kill_disable 0\noom_kill 3\n");
  write(places.sys / "fs/cgroup/cpu,cpuacct/docker/x/cpuacct.usage", "2500000000\n");
  write(places.proc / "7/cgroup", "4:memory:/docker/x\n3:cpu,cpuacct:/docker/x\n0::/\n");
  observer.begin({"a1"}, 7, {});
  write(places.proc / "7/cgroup", "4:memory:/\n3:cpu,cpuacct:/\n0::/\n");
  write(places.sys / "fs/cgroup/cpu,cpuacct/docker/x/cpuacct.usage", "3500000000\n");
  pass(std::chrono::seconds(1));
  const Conditions conditions = observer.end({"a1"});
  EXPECT_EQ(conditions.own_cores, 1);
  EXPECT_EQ(conditions.oom_kills, 0u);
  EXPECT_FALSE(cpu_seconds_of_groups(groups_of(7, places), places));
}

TEST_F(TelemetryTest, ThisMachineTellsSomething) {
  EXPECT_GT(read_host().busy_seconds, 0);
}

TEST_F(TelemetryTest, AnAttemptThatWasTooShortHasNoConditions) {
  process(7, "docker/seven", 0);
  observer.begin({"a1"}, 7, {"GPU-1"});
  EXPECT_EQ(observer.end({"a1"}), Conditions{});
}

TEST_F(TelemetryTest, KillsForMemoryAreCountedWhileItRuns) {
  process(7, "docker/seven", 0);
  write(places.sys / "fs/cgroup/docker/seven/memory.events", "low 0\noom 2\noom_kill 1\n");
  observer.begin({"a1"}, 7, {});
  pass(std::chrono::seconds(1));
  EXPECT_EQ(observer.end({"a1"}).oom_kills, 1u);
  write(places.proc / "8/cgroup", "4:memory:/docker/x\n");
  write(places.sys / "fs/cgroup/memory/docker/x/memory.oom_control", "oom_kill_disable 0\noom_kill 3\n");
  EXPECT_EQ(oom_kills_of_groups(groups_of(8, places), places), 3u);
  EXPECT_FALSE(oom_kills_of_groups(groups_of(9, places), places));
}

}  // namespace
}  // namespace studyctl
