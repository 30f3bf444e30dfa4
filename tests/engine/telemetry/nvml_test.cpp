#include "engine/telemetry/nvml.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

TEST(Nvml, IsNotThereWithoutADriver) {
  EXPECT_EQ(Nvml::open("libno-such-library.so.1"), nullptr);
}

TEST(Nvml, ALibraryThatIsAnotherIsNotTaken) {
  EXPECT_EQ(Nvml::open("libz.so.1"), nullptr);
}

TEST(Nvml, ReadsTheDevicesThatAnswer) {
  const auto nvml = Nvml::open(STAND_IN_NVML);
  ASSERT_NE(nvml, nullptr);
  EXPECT_EQ(nvml->driver_version(), "550.54");
  const std::vector<GpuReading> gpus = nvml->read();
  ASSERT_EQ(gpus.size(), 2u) << "the third has fallen off the bus";
  EXPECT_EQ(gpus[0].id, "GPU-aaaa");
  EXPECT_EQ(gpus[0].temperature, 55);
  EXPECT_EQ(gpus[0].power, 250.5);
  EXPECT_EQ(gpus[0].clock, 1980);
  EXPECT_EQ(gpus[0].utilization, 0.75);
  EXPECT_EQ(gpus[0].throttled_by, std::vector<std::string>{"power cap"}) << "being idle is no throttling";
  ASSERT_EQ(gpus[0].processes.size(), 2u);
  EXPECT_EQ(gpus[0].processes[0].pid, 4711);
  EXPECT_EQ(gpus[0].processes[1].pid, 4712);
  EXPECT_EQ(gpus[0].memory_used, 0u);
  EXPECT_EQ(gpus[0].pci, "0000:65:00");
  EXPECT_EQ(gpus[1].throttled_by, (std::vector<std::string>{"hardware slowdown", "hardware thermal"}));
}

TEST(Nvml, WhatADeviceDoesNotTellIsAbsent) {
  const std::vector<GpuReading> gpus = Nvml::open(STAND_IN_NVML)->read();
  EXPECT_FALSE(gpus[1].power) << "not supported by it";
  EXPECT_FALSE(gpus[0].energy) << "the library has no such call";
  EXPECT_FALSE(gpus[0].ecc_errors);
}

}  // namespace
}  // namespace studyctl
