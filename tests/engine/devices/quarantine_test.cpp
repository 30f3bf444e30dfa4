#include "engine/devices/quarantine.h"

#include <gtest/gtest.h>

#include "base/temporary_directory.h"

namespace studyctl {
namespace {

constexpr char kGpu[] = "nvidia.com/gpu=GPU-1";

class QuarantineTest : public ::testing::Test {
 protected:
  TemporaryDirectory directory_;
  Quarantine quarantine_{directory_.path()};
};

TEST_F(QuarantineTest, TwoFaultsInARowSetADeviceAside) {
  ASSERT_TRUE(quarantine_.note_fault(kGpu, "GpuFault: Xid 48", Instant{}));
  EXPECT_TRUE(quarantine_.quarantined().empty());
  EXPECT_EQ(quarantine_.all().at(0).text(), "1 fault, GpuFault: Xid 48");
  ASSERT_TRUE(quarantine_.note_fault(kGpu, "GpuLost: gone", Instant{}));
  EXPECT_EQ(quarantine_.quarantined(),
            (std::map<std::string, std::string>{{kGpu, "2 faults, the last GpuLost: gone"}}));
}

TEST_F(QuarantineTest, ADeviceThatDoesWellInBetweenStays) {
  ASSERT_TRUE(quarantine_.note_fault(kGpu, "GpuFault: Xid 48", Instant{}));
  quarantine_.note_success(kGpu);
  EXPECT_TRUE(quarantine_.all().empty());
  ASSERT_TRUE(quarantine_.note_fault(kGpu, "GpuFault: Xid 48", Instant{}));
  EXPECT_TRUE(quarantine_.quarantined().empty());
}

TEST_F(QuarantineTest, IsKeptOverRestartsUntilItIsReleased) {
  ASSERT_TRUE(quarantine_.note_fault(kGpu, "one", Instant{}));
  ASSERT_TRUE(quarantine_.note_fault(kGpu, "two", Instant{}));
  Quarantine another(directory_.path());
  another.note_success(kGpu);
  EXPECT_EQ(another.quarantined().size(), 1u) << "what is in quarantine does not do well by itself";
  EXPECT_TRUE(another.release(kGpu));
  EXPECT_TRUE(quarantine_.quarantined().empty());
  EXPECT_EQ(another.release(kGpu).error().code, ErrorCode::NotFound);
}

TEST_F(QuarantineTest, WhatAMessageHoldsMakesNoLines) {
  ASSERT_TRUE(quarantine_.note_fault("/dev/dri/../x", "a\nb", Instant{}));
  EXPECT_EQ(quarantine_.all().at(0).device, "/dev/dri/../x");
  EXPECT_EQ(quarantine_.all().at(0).faults.size(), 1u);
}

}  // namespace
}  // namespace studyctl
