#include "engine/allocation/allocated_devices.h"

#include <gtest/gtest.h>
#include <stdlib.h>

namespace studyctl {
namespace {

class AllocatedDevicesTest : public testing::Test {
 protected:
  AllocatedDevicesTest() {
    std::string pattern = testing::TempDir() + "devices-XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~AllocatedDevicesTest() override { std::filesystem::remove_all(directory_); }
  AllocatedDevices devices() const { return {directory_ / "gpus", {"0", "1", "2"}}; }

  using Names = std::vector<std::string>;
  std::filesystem::path directory_;
};

TEST_F(AllocatedDevicesTest, EachIsLeasedToOneAttempt) {
  AllocatedDevices devices = this->devices();
  EXPECT_EQ(**devices.lease("a", "run", 2), (Names{"0", "1"}));
  EXPECT_FALSE(*devices.lease("b", "run", 2));
  EXPECT_EQ(devices.held_by("b"), Names{});
  EXPECT_EQ(**devices.lease("c", "run", 1), Names{"2"});
  devices.release("a");
  EXPECT_EQ(**devices.lease("b", "run", 2), (Names{"0", "1"}));
}

TEST_F(AllocatedDevicesTest, ALeaseOutlivesItsController) {
  ASSERT_TRUE(devices().lease("a", "run", 1));
  EXPECT_EQ(**devices().lease("a", "run", 1), Names{"0"});
  EXPECT_EQ(**devices().lease("b", "other", 1), Names{"1"});
  devices().release_others([](const std::string&, const std::string& run) { return run == "other"; });
  EXPECT_EQ(devices().held_by("a"), Names{});
  EXPECT_EQ(devices().held_by("b"), Names{"1"});
}

}  // namespace
}  // namespace studyctl
