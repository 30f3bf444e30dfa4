#include "engine/slurm/answers.h"

#include <gtest/gtest.h>

// As Slurm 22.05.8 writes.
namespace studyctl {
namespace {

TEST(SlurmAnswers, TheSiteTellsItsLimits) {
  const auto site = parse_config(
      "Configuration data as of 2026-11-23T01:20:00\n"
      "AccountingStorageType   = accounting_storage/none\n"
      "ClusterName             = studyctl-slurm\n"
      "MaxArraySize            = 1001\n"
      "MaxJobCount             = 10000\n"
      "MaxJobId                = 67043328\n"
      "SchedulerParameters     = batch_sched_delay=0,max_array_tasks=64\n"
      "SLURM_VERSION           = 22.05.8\n\n"
      "Slurmctld(primary) at vm is UP\n");
  ASSERT_TRUE(site) << site.error().message;
  EXPECT_EQ(site->version, "22.05.8");
  EXPECT_EQ(site->cluster, "studyctl-slurm");
  EXPECT_EQ(site->array_size, 64u);
  EXPECT_EQ(site->jobs, 10000u);
  EXPECT_FALSE(site->has_accounting);
}

TEST(SlurmAnswers, WithSlurmdbdThereIsAccounting) {
  const auto site =
      parse_config("AccountingStorageType = accounting_storage/slurmdbd\nSLURM_VERSION = 23.11.4\n");
  ASSERT_TRUE(site);
  EXPECT_TRUE(site->has_accounting);
  EXPECT_EQ(site->array_size, 1001u);
}

TEST(SlurmAnswers, ASiteWithoutArraysCannotBeUsed) {
  EXPECT_FALSE(parse_config("MaxArraySize = 0\nSLURM_VERSION = 22.05.8\n"));
  EXPECT_FALSE(parse_config("what is this\n"));
}

TEST(SlurmAnswers, TheQueueHasALineForEachTask) {
  const auto tasks = parse_queue(
      "2340003|0|FAILED|NonZeroExitCode|768|studyctl-a-b|x=1,y=2\n"
      "2340004|3|PENDING|JobArrayTaskLimit|0|wrap|(null)\n"
      "2340005|N/A|RUNNING|None|0|somebodys|(null)\n"
      "2340006|1|FAILED|JobLaunchFailure|9|studyctl-a-b|x=1\n");
  ASSERT_EQ(tasks.size(), 3u);
  EXPECT_EQ(tasks[0].id.text(), "2340003_0");
  EXPECT_EQ(tasks[0].state, "FAILED");
  EXPECT_EQ(tasks[0].reason, "NonZeroExitCode");
  EXPECT_EQ(tasks[0].exit_code, 3);
  EXPECT_EQ(tasks[0].name, "studyctl-a-b");
  EXPECT_EQ(tasks[0].comment, "x=1,y=2");
  EXPECT_EQ(tasks[1].id.index, 3u);
  EXPECT_EQ(tasks[2].exit_code, 137);
}

TEST(SlurmAnswers, AccountsKnowWhatTheQueueHasForgotten) {
  const auto tasks = parse_accounting(
      "12_0|COMPLETED|0:0\n12_1|CANCELLED by "
      "1000|0:15\n12_2|OUT_OF_MEMORY|0:125\n12_[3-4]|PENDING|0:0\n13|FAILED|1:0\n");
  ASSERT_EQ(tasks.size(), 3u);
  EXPECT_EQ(tasks[1].state, "CANCELLED");
  EXPECT_EQ(tasks[1].signal, 15);
  EXPECT_EQ(tasks[2].id, (TaskId{"12", 2}));
}

TEST(SlurmAnswers, NodesAreOfPartitions) {
  const auto nodes = parse_nodes(
      "main*|vm|2|8000|gpu:2|infinite\nbig|n1|64|257000|gpu:a100:4(S:0-1),gpu:v100:2,nvme:1|2-00:10:00\n"
      "big|n2|64|1|(null)|2-00:10:00\n");
  ASSERT_EQ(nodes.size(), 3u);
  EXPECT_EQ(nodes[0].partition, "main");
  EXPECT_TRUE(nodes[0].in_default_partition);
  EXPECT_EQ(nodes[0].cpus, 2);
  EXPECT_EQ(nodes[0].memory_bytes, int64_t{8000} << 20);
  EXPECT_EQ(nodes[0].gpus, 2);
  EXPECT_EQ(nodes[1].gpus, 6);
  EXPECT_FALSE(nodes[1].in_default_partition);
  EXPECT_EQ(nodes[2].gpus, 0);
  EXPECT_FALSE(nodes[0].time_limit);
  EXPECT_EQ(nodes[1].time_limit, std::chrono::hours(48) + std::chrono::minutes(10));
}

TEST(SlurmAnswers, ASubmissionTellsItsJob) {
  EXPECT_EQ(parse_submission("12\n"), "12");
  EXPECT_EQ(parse_submission("12;cluster\n"), "12");
  EXPECT_EQ(parse_submission("Submitted batch job 12\n"), std::nullopt);
}

TEST(SlurmAnswers, OfAnErrorTheSentenceIsLeft) {
  EXPECT_EQ(
      error_line(
          "sbatch: error: invalid partition specified: nope\nsbatch: error: Batch job submission failed: "
          "Invalid partition name specified\n"),
      "Invalid partition name specified");
  EXPECT_EQ(error_line("slurm_load_jobs error: Invalid job id specified\n"),
            "slurm_load_jobs error: Invalid job id specified");
}

TEST(SlurmAnswers, NotesAreNamesAndValues) {
  const auto notes = parse_notes("code=3\nmessage=a=b\n\nnothing\n");
  EXPECT_EQ(notes, (std::map<std::string, std::string>{{"code", "3"}, {"message", "a=b"}}));
}

}  // namespace
}  // namespace studyctl
