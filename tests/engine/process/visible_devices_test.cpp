#include "engine/process/visible_devices.h"

#include <gtest/gtest.h>

#include <map>

namespace studyctl {
namespace {

const Device kFirst{"nvidia.com/gpu", "GPU-a", {}, {}, {}};
const Device kSecond{"nvidia.com/gpu", "GPU-b", {}, {}, {}};
const Device kNumbered{"nvidia.com/gpu", "1", {}, {}, {}};
const Device kRender128{"amd.com/gpu", "renderD128", {}, {}, {}};
const Device kRender129{"amd.com/gpu", "renderD129", {}, {}, {}};

using Variables = std::map<std::string, std::string>;

Variables shown(const std::vector<Device>& leased, const std::vector<Device>& inventory,
                const Variables& own = {}) {
  HostProcess process;
  process.environment.assign(own.begin(), own.end());
  show_devices(process, leased, inventory);
  return {process.environment.begin(), process.environment.end()};
}

TEST(VisibleDevices, AreTheLeasedOnes) {
  EXPECT_EQ(shown({kSecond}, {kFirst, kSecond}, {{"CUDA_VISIBLE_DEVICES", "all"}}),
            (Variables{{"CUDA_VISIBLE_DEVICES", "GPU-b"}, {"NVIDIA_VISIBLE_DEVICES", "GPU-b"}}));
  EXPECT_EQ(shown({kFirst, kSecond}, {kFirst, kSecond}).at("CUDA_VISIBLE_DEVICES"), "GPU-a,GPU-b");
}

TEST(VisibleDevices, NumbersAreThoseOfTheDriver) {
  EXPECT_EQ(shown({kNumbered}, {kNumbered}).at("CUDA_DEVICE_ORDER"), "PCI_BUS_ID");
}

TEST(VisibleDevices, OfAmdAreCountedAsRocmDoes) {
  EXPECT_EQ(shown({kRender129}, {kFirst, kRender128, kRender129}),
            (Variables{{"CUDA_VISIBLE_DEVICES", ""}, {"ROCR_VISIBLE_DEVICES", "1"}}));
}

TEST(VisibleDevices, AreNoneForWhoLeasedNone) {
  EXPECT_EQ(shown({}, {kFirst, kRender128}),
            (Variables{{"CUDA_VISIBLE_DEVICES", ""}, {"ROCR_VISIBLE_DEVICES", ""}}));
  EXPECT_EQ(shown({}, {kFirst}, {{"CUDA_VISIBLE_DEVICES", "0"}}), (Variables{{"CUDA_VISIBLE_DEVICES", "0"}}));
  EXPECT_EQ(shown({}, {}), Variables{});
}

}  // namespace
}  // namespace studyctl
