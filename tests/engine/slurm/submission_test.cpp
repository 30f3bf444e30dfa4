#include "engine/slurm/submission.h"

#include <gtest/gtest.h>

namespace studyctl {
namespace {

using Words = std::vector<std::string>;
using namespace std::chrono_literals;

constexpr char kVolume[] = "0f0e0d0c-1111-4222-8333-444455556666";
constexpr char kRun[] = "a0b1c2d3-5555-4666-8777-888899990000";

TEST(SlurmSubmission, AsksForWhatTheAttemptMayTake) {
  AttemptSpec spec;
  spec.main.resources.millicpu = 1500;
  spec.main.resources.memory_bytes = (64 << 20) + 1;
  spec.devices = {{"nvidia.com/gpu", 2}};
  spec.run_timeout = 5min;
  spec.grace = 30s;
  SlurmOptions options{SlurmMode::Auto, "gpu,big", "lab", "high", "a100", {"--reservation=x"}, {}};
  EXPECT_EQ(options_of(spec, options), (Words{"--cpus-per-task=2", "--mem=65M", "--gres=gpu:2", "--time=7",
                                              "--signal=B:TERM@30", "--partition=gpu,big", "--account=lab",
                                              "--qos=high", "--constraint=a100", "--reservation=x"}));
}

TEST(SlurmSubmission, LeavesTheSiteItsDefaults) {
  EXPECT_EQ(options_of({}, {}), (Words{"--cpus-per-task=1", "--signal=B:TERM@1"}));
}

TEST(SlurmSubmission, ATaskIsToldOfTheProcessorsThatItGets) {
  ContainerSpec container;
  container.environment = {{"STUDY_CPUS", "640"}, {"OMP_NUM_THREADS", "640"}};
  tell_cpus(container);
  EXPECT_EQ(container.environment[0].second, "1");
  EXPECT_EQ(container.environment[1].second, "1");
  container.environment = {{"OMP_NUM_THREADS", "4"}, {"STUDY_CPUS", "640"}};
  tell_cpus(container);
  EXPECT_EQ(container.environment[0].second, "4");
}

TEST(SlurmSubmission, IsOneArrayWithoutRequeueThatPrintsNothing) {
  EXPECT_EQ(
      sbatch_words({"studyctl-x", "who", 200, {"--mem=1M"}}),
      (Words{"sbatch", "--parsable", "--job-name=studyctl-x", "--comment=who", "--array=0-199", "--nodes=1",
             "--ntasks=1", "--no-requeue", "--export=ALL", "--chdir=/", "--output=/dev/null", "--mem=1M"}));
}

TEST(SlurmSubmission, AJobIsKnownByItsNameAndItsComment) {
  const std::string name = batch_name(kVolume, kRun);
  EXPECT_TRUE(name.starts_with("studyctl-0f0e0d0c-a0b1c2d3-")) << name;
  EXPECT_NE(name, batch_name(kVolume, kRun));
  EXPECT_TRUE(is_name_of(name, kVolume));
  EXPECT_FALSE(is_name_of(name, kRun));
  EXPECT_EQ(run_in(comment_of(kVolume, kRun), kVolume), kRun);
  EXPECT_EQ(run_in(comment_of(kVolume, kRun), kRun), "");
}

TEST(SlurmSubmission, ARefusalIsForGoodForNowOrUnknown) {
  EXPECT_EQ(refusal_of("sbatch: error: Batch job submission failed: Invalid partition name specified"),
            Refused::ForGood);
  EXPECT_EQ(refusal_of(
                "sbatch: error: QOSMaxSubmitJobPerUserLimit\nsbatch: error: Batch job submission failed: Job "
                "violates accounting/QOS policy (job submit limit, user's size and/or time limits)"),
            Refused::ForNow);
  EXPECT_EQ(
      refusal_of(
          "sbatch: error: QOSMaxWallDurationPerJobLimit\nsbatch: error: Batch job submission failed: Job "
          "violates accounting/QOS policy (job submit limit, user's size and/or time limits)"),
      Refused::ForGood);
  EXPECT_EQ(refusal_of("sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying"),
            Refused::ForNow);
  EXPECT_EQ(
      refusal_of("sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect "
                 "failure)"),
      Refused::Unknown);
  EXPECT_EQ(
      refusal_of("sbatch: error: Munge encode failed: Failed to access \"/run/munge\": No such file\nsbatch: "
                 "error: Batch job submission failed: Protocol authentication error"),
      Refused::Unknown);
  EXPECT_EQ(refusal_of("sbatch: error: Batch job submission failed: Socket timed out on send/recv operation"),
            Refused::Unknown);
}

TEST(SlurmSubmission, NamesTheLimitThatIsReached) {
  EXPECT_EQ(
      limit_in(
          "sbatch: error: AssocMaxSubmitJobLimit\nsbatch: error: Batch job submission failed: Job violates "
          "accounting/QOS policy (job submit limit, user's size and/or time limits)"),
      "AssocMaxSubmitJobLimit");
  EXPECT_EQ(limit_in("sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying"),
            "Slurm temporarily unable to accept job, sleeping and retrying");
}

TEST(SlurmSubmission, ATrialAsksForWhatAllJobsOfAStudyAskFor) {
  SlurmOptions options;
  options.account = "lab";
  options.extra_arguments = {"--nice=1"};
  EXPECT_EQ(trial_words(options, 5min), (Words{"sbatch", "--test-only", "--nodes=1", "--ntasks=1",
                                               "--chdir=/", "--time=6", "--account=lab", "--nice=1"}));
}

TEST(SlurmSubmission, ATrialIsRefusedForWhatNeverChangesAlone) {
  SlurmOptions options;
  options.account = "lab";
  EXPECT_EQ(trial_refusal(options,
                          "allocation failure: Invalid account or account/partition combination specified"),
            "execution.slurm.account: Slurm takes no job as 'lab': Invalid account or account/partition "
            "combination "
            "specified");
  EXPECT_EQ(
      trial_refusal({}, "allocation failure: Invalid account or account/partition combination specified"),
      "execution.slurm.account: Slurm takes no job: Invalid account or account/partition combination "
      "specified");
  EXPECT_EQ(trial_refusal({},
                          "sbatch: error: QOSMaxWallDurationPerJobLimit\nallocation failure: Job violates "
                          "accounting/QOS policy (job submit limit, user's size and/or time limits)"),
            "execution.slurm: Slurm takes no job: it is beyond QOSMaxWallDurationPerJobLimit");
  for (const char* passes : {"allocation failure: Required partition not available (inactive or drain)",
                             "allocation failure: Requested nodes are busy",
                             "allocation failure: Requested node configuration is not available",
                             "allocation failure: Unable to contact slurm controller (connect failure)",
                             "sbatch: error: AssocMaxSubmitJobLimit\nallocation failure: Job violates "
                             "accounting/QOS policy (job submit "
                             "limit, user's size and/or time limits)"})
    EXPECT_EQ(trial_refusal(options, passes), std::nullopt) << passes;
}

}  // namespace
}  // namespace studyctl
