#include "engine/allocation/allocation.h"

#include <gtest/gtest.h>

#include <map>

namespace studyctl {
namespace {

constexpr HostCapacity kMachine{64'000, int64_t{256} << 30};

Result<Allocation> found(const std::map<std::string, std::string>& variables) {
  return allocation_of(
      [&](const char* name) -> const char* {
        const auto variable = variables.find(name);
        return variable == variables.end() ? nullptr : variable->second.c_str();
      },
      kMachine);
}

TEST(Allocation, IsNotThereWithoutItsVariables) {
  EXPECT_EQ(found({}).error().code, ErrorCode::NotFound);
  EXPECT_EQ(found({{"SLURM_CONF", "/etc/slurm.conf"}}).error().code, ErrorCode::NotFound);
}

TEST(Allocation, OfSlurmHasTheRoomThatItsVariablesSay) {
  const auto allocation = found({{"SLURM_JOB_ID", "12"},
                                 {"SLURM_CLUSTER_NAME", "lab"},
                                 {"SLURMD_NODENAME", "n7"},
                                 {"SLURM_JOB_NUM_NODES", "2"},
                                 {"SLURM_CPUS_ON_NODE", "8"},
                                 {"SLURM_MEM_PER_CPU", "500"},
                                 {"CUDA_VISIBLE_DEVICES", "0,1"}});
  ASSERT_TRUE(allocation);
  EXPECT_EQ(allocation->name(), "Slurm job 12");
  EXPECT_EQ(allocation->endpoint(), "allocation://slurm/lab");
  EXPECT_EQ(allocation->nodes, 2);
  EXPECT_EQ(allocation->room.millicpu, 8'000);
  EXPECT_EQ(allocation->room.memory_bytes, int64_t{4000} << 20);
  EXPECT_EQ(allocation->gpu_kind, "nvidia.com/gpu");
  EXPECT_EQ(allocation->gpus, (std::vector<std::string>{"0", "1"}));
}

TEST(Allocation, HasNoMoreThanTheMachine) {
  const auto allocation =
      found({{"SLURM_JOB_ID", "12"}, {"SLURMD_NODENAME", "n7"}, {"SLURM_CPUS_ON_NODE", "128"}});
  ASSERT_TRUE(allocation);
  EXPECT_EQ(allocation->room.millicpu, kMachine.millicpu);
  EXPECT_EQ(allocation->room.memory_bytes, kMachine.memory_bytes);
  EXPECT_TRUE(allocation->gpus.empty());
}

TEST(Allocation, OfAShellThatRunsBesideItIsRefusedInWords) {
  const auto beside = found({{"SLURM_JOB_ID", "12"}, {"SLURM_JOB_NODELIST", "n[7-8]"}});
  EXPECT_EQ(beside.error().code, ErrorCode::Invalid);
  EXPECT_EQ(
      beside.error().message,
      "Slurm job 12 has n[7-8], and this shell, which salloc began, runs beside it: write srun --ntasks=1 "
      "--cpus-per-task=N before studyctl");
}

TEST(Allocation, OfFluxGoesBeforeTheSlurmThatItRunsOn) {
  const auto allocation =
      found({{"FLUX_ENCLOSING_ID", "f12"}, {"SLURM_JOB_ID", "12"}, {"ROCR_VISIBLE_DEVICES", "3"}});
  ASSERT_TRUE(allocation);
  EXPECT_EQ(allocation->name(), "Flux job f12");
  EXPECT_EQ(allocation->endpoint(), "allocation://flux");
  EXPECT_EQ(allocation->gpu_kind, "amd.com/gpu");
}

TEST(Allocation, TellsHowMuchTimeIsLeft) {
  Allocation slurm;
  EXPECT_EQ(**parse_time_left(slurm, "RUNNING|1:30\n"), std::chrono::seconds(90));
  EXPECT_EQ(**parse_time_left(slurm, "RUNNING|1-00:00:10\n"), std::chrono::seconds(86'410));
  EXPECT_FALSE(*parse_time_left(slurm, "RUNNING|UNLIMITED\n"));
  EXPECT_EQ(parse_time_left(slurm, "COMPLETED|0:00\n").error().code, ErrorCode::NotFound);
  EXPECT_EQ(parse_time_left(slurm, "").error().code, ErrorCode::NotFound);
  Allocation flux;
  flux.scheduler = Allocation::Scheduler::Flux;
  EXPECT_EQ(**parse_time_left(flux, "8.5\n"), std::chrono::milliseconds(8500));
  EXPECT_FALSE(*parse_time_left(flux, "inf\n"));
}

}  // namespace
}  // namespace studyctl
