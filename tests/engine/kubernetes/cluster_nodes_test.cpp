#include "engine/kubernetes/cluster_nodes.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

TEST(ClusterNodes, CountWhatTheyHaveAlsoWhileOneDoesNotAnswer) {
  Inventory inventory;
  add_nodes(R"({"items": [
    {"spec": {}, "status": {"allocatable": {"cpu": "2", "memory": "1Gi", "nvidia.com/gpu": "1", "pods": "110"},
                            "conditions": [{"type": "Ready", "status": "True"}]}},
    {"spec": {}, "status": {"allocatable": {"cpu": "500m", "memory": "1Gi", "nvidia.com/gpu": "2"},
                            "conditions": [{"type": "Ready", "status": "Unknown"}]}},
    {"spec": {"unschedulable": true}, "status": {"allocatable": {"cpu": "64", "nvidia.com/gpu": "8"}}}]})",
            inventory);
  EXPECT_EQ(inventory.millicpu, 2500);
  EXPECT_EQ(inventory.memory_bytes, int64_t{2} << 30);
  EXPECT_EQ(inventory.devices.at("nvidia.com/gpu"), 3);
}

TEST(ClusterNodes, ThatMayNotBeSeenHaveRoomForAll) {
  Inventory inventory;
  add_nodes("", inventory);
  EXPECT_GT(inventory.millicpu, int64_t{1} << 50);
}

}  // namespace
}  // namespace studyctl
