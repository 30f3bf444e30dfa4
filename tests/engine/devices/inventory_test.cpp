#include "engine/devices/inventory.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/temporary_directory.h"
#include "io/run_until.h"

namespace studyctl {
namespace {

std::vector<std::string> names(const std::vector<Device>& devices) {
  std::vector<std::string> result;
  for (const Device& device : devices) result.push_back(device.name());
  return result;
}

TEST(NvidiaList, GivesTheUuidOfEachGpu) {
  EXPECT_EQ(parse_nvidia_list("GPU 0: NVIDIA A100 (UUID: GPU-aaaa)\nGPU 1: NVIDIA A100 (UUID: GPU-bbbb)\n"),
            (std::vector<std::string>{"GPU-aaaa", "GPU-bbbb"}));
  EXPECT_TRUE(parse_nvidia_list("No devices found.\n").empty());
}

TEST(NvidiaList, GivesTheInstancesOfAGpuThatIsCutUp) {
  EXPECT_EQ(parse_nvidia_list("GPU 0: A100 (UUID: GPU-a)\n  MIG 1g.5gb Device 0: (UUID: MIG-1)\n"
                              "  MIG 1g.5gb Device 1: (UUID: MIG-2)\nGPU 1: A100 (UUID: GPU-b)\n"),
            (std::vector<std::string>{"MIG-1", "MIG-2", "GPU-b"}));
}

TEST(Cdi, IsReadFromJson) {
  EXPECT_EQ(
      names(parse_cdi(R"({"kind":"acme.com/npu","devices":[{"name":"0"},{"name":"all"},{"name":"1"}]})")),
      (std::vector<std::string>{"acme.com/npu=0", "acme.com/npu=1"}));
}

TEST(Cdi, IsReadFromTheYamlThatNvidiasToolWrites) {
  const std::string text =
      "---\ncdiVersion: 0.5.0\ncontainerEdits:\n  hooks:\n  - args:\n    - nvidia-cdi-hook\n    hookName: "
      "createContainer\n"
      "devices:\n- containerEdits:\n    deviceNodes:\n    - path: /dev/nvidia0\n      name: not-this\n  "
      "name: \"0\"\n"
      "- containerEdits:\n    deviceNodes:\n    - path: /dev/nvidia0\n  name: GPU-aaaa\n- name: all\nkind: "
      "nvidia.com/gpu\n";
  EXPECT_EQ(names(parse_cdi(text)),
            (std::vector<std::string>{"nvidia.com/gpu=0", "nvidia.com/gpu=GPU-aaaa"}));
}

TEST(Cdi, IsNothingWhenItCannotBeRead) {
  EXPECT_TRUE(parse_cdi("").empty());
  EXPECT_TRUE(parse_cdi("- - - ]").empty());
  EXPECT_TRUE(parse_cdi(R"({"devices":[{"name":"0"}]})").empty());
}

const std::vector<Device> kCdi =
    parse_cdi(R"({"kind":"nvidia.com/gpu","devices":[{"name":"0"},{"name":"1"},{"name":"GPU-b"}]})");

TEST(Inventory, CountsAGpuOnceWhateverItsNames) {
  EXPECT_EQ(names(assemble_inventory({}, kCdi, {})), std::vector<std::string>{"nvidia.com/gpu=GPU-b"});
  EXPECT_EQ(
      names(assemble_inventory({}, parse_cdi(R"({"kind":"nvidia.com/gpu","devices":[{"name":"0"}]})"), {})),
      std::vector<std::string>{"nvidia.com/gpu=0"});
}

TEST(Inventory, FindsTheCdiNameOfAGpuThatTheToolNamed) {
  const auto devices = assemble_inventory({"GPU-a", "GPU-b", "GPU-c"}, kCdi, {});
  ASSERT_EQ(devices.size(), 3u);
  EXPECT_EQ(devices[0].cdi_name, "nvidia.com/gpu=0");
  EXPECT_EQ(devices[1].cdi_name, "nvidia.com/gpu=GPU-b");
  EXPECT_EQ(devices[2].cdi_name, "");
}

TEST(Inventory, TakesOtherCdiKindsAsTheyStand) {
  EXPECT_EQ(
      names(assemble_inventory({}, parse_cdi(R"({"kind":"acme.com/npu","devices":[{"name":"x"}]})"), {})),
      std::vector<std::string>{"acme.com/npu=x"});
}

TEST(AmdDevices, AreARenderNodeEach) {
  const TemporaryDirectory dev;
  EXPECT_TRUE(amd_devices(dev.path()).empty());
  std::filesystem::create_directories(dev.path() / "dri");
  for (const char* name : {"kfd", "dri/card0", "dri/renderD129", "dri/renderD128"})
    std::ofstream(dev.path() / name) << "";
  const auto devices = amd_devices(dev.path());
  EXPECT_EQ(names(devices), (std::vector<std::string>{"amd.com/gpu=renderD128", "amd.com/gpu=renderD129"}));
  EXPECT_EQ(devices[0].nodes, (std::vector<std::string>{(dev.path() / "kfd").string(),
                                                        (dev.path() / "dri/renderD128").string()}));
}

TEST(PlainDevice, MustBeThere) {
  EXPECT_TRUE(plain_device("/dev/null"));
  EXPECT_EQ(plain_device("/dev/never").error().code, ErrorCode::NotFound);
}

std::vector<Device> found(const std::string& gpus, const std::filesystem::path& cdi) {
  SystemClock clock;
  EventLoop loop(clock);
  DevicePlaces places{{cdi}, "/nowhere", gpus};
  DeviceFinder finder(loop, places);
  std::optional<std::vector<Device>> devices;
  finder.find([&](std::vector<Device> seen) { devices = std::move(seen); });
  EXPECT_FALSE(devices);
  EXPECT_TRUE(run_until(loop, [&] { return devices.has_value(); }));
  return devices.value_or(std::vector<Device>());
}

TEST(DeviceFinder, BelievesWhatItIsTold) {
  const TemporaryDirectory cdi;
  std::ofstream(cdi.path() / "x.json") << R"({"kind":"nvidia.com/gpu","devices":[{"name":"0"}]})";
  EXPECT_EQ(names(found("GPU-x,GPU-y", cdi.path())),
            (std::vector<std::string>{"nvidia.com/gpu=GPU-x", "nvidia.com/gpu=GPU-y"}));
  EXPECT_TRUE(found("none", cdi.path()).empty());
}

}  // namespace
}  // namespace studyctl
