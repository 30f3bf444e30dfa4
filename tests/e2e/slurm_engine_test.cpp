#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "real_slurm.h"

// What Slurm's engine has beside what all promise (engine_contract_test.cpp): a queue, what a cluster has,
// arrays.
namespace studyctl {
namespace {

using Phase = Observation::Phase;

class SlurmQueue : public ::testing::Test {
 protected:
  void start(const AttemptSpec& spec) {
    real.engine->create(spec);
    ASSERT_TRUE(real.await(spec.id, Phase::Created)) << real.story(spec.id);
    real.engine->start(spec.id);
  }
  // Until it has said so.
  bool says(const AttemptSpec& spec, const std::string& text) {
    return real.until([&] { return text_of(spec.directory / "stdout.log") == text; });
  }
  const Observation& ended(const AttemptSpec& spec) {
    EXPECT_TRUE(real.await(spec.id, Phase::Exited)) << real.story(spec.id);
    return *real.last(spec.id);
  }

  RealSlurm real{test_engine("STUDYCTL_TEST_SLURM")};
};

TEST_F(SlurmQueue, TellsWhatTheClusterHas) {
  std::optional<Result<Inventory>> answer;
  real.engine->inspect([&](Result<Inventory> found) { answer = std::move(found); });
  ASSERT_TRUE(real.until([&] { return answer.has_value(); }));
  ASSERT_TRUE(*answer) << answer->error().message;
  EXPECT_GT((*answer)->millicpu, 0);
  EXPECT_GT((*answer)->memory_bytes, 0);
  EXPECT_EQ((*answer)->devices["nvidia.com/gpu"], 2);
  EXPECT_TRUE((*answer)->engine.starts_with("Slurm 2")) << (*answer)->engine;
  EXPECT_EQ((*answer)->kind, "slurm");
}

TEST_F(SlurmQueue, NamesThePartitionsWhereTheWantedOneIsNotThere) {
  real.settings.options.partition = "nope";
  real.begin();
  std::optional<Result<Inventory>> answer;
  real.engine->inspect([&](Result<Inventory> found) { answer = std::move(found); });
  ASSERT_TRUE(real.until([&] { return answer.has_value(); }));
  ASSERT_FALSE(*answer);
  EXPECT_NE(answer->error().message.find("has no 'nope'; there are main"), std::string::npos)
      << answer->error().message;
}

TEST_F(SlurmQueue, SaysThatAPartitionAllowsLessTimeThanTheStudyMayTake) {
  const auto answer_of = [&](Duration longest, const std::string& extra) {
    real.settings.longest = longest;
    real.settings.options.extra_arguments = {extra};
    real.begin();
    std::optional<Result<Inventory>> answer;
    real.engine->inspect([&](Result<Inventory> found) { answer = std::move(found); });
    EXPECT_TRUE(real.until([&] { return answer.has_value(); }));
    return *answer ? std::string() : answer->error().message;
  };
  real.lines("scontrol update PartitionName=main MaxTime=10");
  EXPECT_EQ(answer_of(std::chrono::minutes(9), "--nice=1"), "");
  EXPECT_EQ(
      answer_of(std::chrono::minutes(90), "--nice=1"),
      "execution.timeouts.run: an attempt, its grace and a minute take 1h 31m, and Slurm's partition main "
      "allows 10m: shorten it, or name another one in execution.slurm.partition");
  EXPECT_EQ(answer_of(std::chrono::minutes(90), "--time=5"), "");
  real.lines("scontrol update PartitionName=main MaxTime=INFINITE");
  EXPECT_EQ(answer_of(std::chrono::minutes(90), "--nice=1"), "");
}

TEST_F(SlurmQueue, GivesATaskWhatItsSpecSays) {
  AttemptSpec spec =
      real.attempt("spec", "pwd; echo $GREETING; cat $DATA/in; echo $CUDA_VISIBLE_DEVICES; nproc");
  const auto data = real.directory / "data";
  std::filesystem::create_directories(data);
  std::ofstream(data / "in") << "question\n";
  spec.main.mounts = {{Mount::Kind::Bind, spec.directory.string(), "/results", false, {}},
                      {Mount::Kind::Bind, data.string(), "/data", false, {}}};
  spec.main.environment = {{"GREETING", "a b=c"}, {"DATA", "/data"}};
  spec.devices = {{"nvidia.com/gpu", 2}};
  EXPECT_EQ(real.run(spec).exit_code, 0) << real.story(spec.id);
  EXPECT_TRUE(text_of(spec.directory / "stdout.log")
                  .starts_with(spec.directory.string() + "\na b=c\nquestion\n0,1\n"))
      << text_of(spec.directory / "stdout.log");
}

TEST_F(SlurmQueue, KeepsItsOwnSecretsFromTheTask) {
  setenv("STUDYCTL_TEST_SECRET", "hunter2", 1);
  AttemptSpec spec = real.attempt("variables", "echo ${STUDYCTL_TEST_SECRET-none}; echo $TOKEN | wc -c");
  spec.main.environment = {{"TOKEN", "hunter2"}};
  spec.main.secret_variables = {"TOKEN"};
  EXPECT_EQ(real.run(spec).exit_code, 0);
  unsetenv("STUDYCTL_TEST_SECRET");
  EXPECT_EQ(text_of(spec.directory / "stdout.log"), "none\n8\n");
  EXPECT_EQ(real.engine->command_line(spec).find("hunter2"), std::string::npos);
}

TEST_F(SlurmQueue, RefusesWhatCannotBe) {
  AttemptSpec no_command = real.attempt("no-command", "");
  no_command.main.command = {"/there/is/none"};
  EXPECT_EQ(real.run(no_command).phase, Phase::Refused) << real.story(no_command.id);
  EXPECT_EQ(real.last(no_command.id)->reason, Reason::CreateError);
  EXPECT_NE(real.last(no_command.id)->message.find("/there/is/none"), std::string::npos);

  AttemptSpec no_source = real.attempt("no-source", "true");
  no_source.main.mounts = {{Mount::Kind::Bind, (real.directory / "never-made").string(), "/data", false, {}}};
  EXPECT_EQ(real.run(no_source).phase, Phase::Refused);
  EXPECT_NE(real.last(no_source.id)->message.find("never-made"), std::string::npos);

  AttemptSpec too_much = real.attempt("too-much", "true");
  too_much.main.resources.memory_bytes = int64_t{1} << 50;
  EXPECT_EQ(real.run(too_much).phase, Phase::Refused) << real.story(too_much.id);
  EXPECT_EQ(real.last(too_much.id)->reason, Reason::CreateError);
  EXPECT_TRUE(real.last(too_much.id)->message.starts_with("Slurm refused it: "))
      << real.last(too_much.id)->message;
}

TEST_F(SlurmQueue, AStopWhileItIsQueuedEndsItAsCancelled) {
  AttemptSpec waits = real.attempt("waits", "echo ran");
  real.settings.options.extra_arguments = {"--hold"};
  real.begin();
  start(waits);
  ASSERT_TRUE(real.until([&] { return real.left() == 1; }));
  ASSERT_TRUE(real.until([&] {
    return real.last(waits.id)->message.find("JobHeldUser") != std::string::npos;
  })) << real.story(waits.id);
  real.engine->stop(waits.id, Duration(1000));
  ASSERT_TRUE(real.await(waits.id, Phase::Refused));
  EXPECT_EQ(real.last(waits.id)->reason, Reason::Cancelled);
  EXPECT_TRUE(real.until([&] { return real.left() == 0; }));
  EXPECT_EQ(text_of(waits.directory / "stdout.log"), "");
}

TEST_F(SlurmQueue, SaysWhenSomebodyElseCancelledIt) {
  const AttemptSpec spec = real.attempt("stranger", "sleep 60");
  start(spec);
  ASSERT_TRUE(real.await(spec.id, Phase::Running)) << real.story(spec.id);
  real.kill(spec.id);
  EXPECT_EQ(ended(spec).reason, Reason::Interrupted) << real.story(spec.id);
}

// ---- after a crash of the controller ----

TEST_F(SlurmQueue, AdoptsOneThatWaitsInTheQueueAndRunsItOnce) {
  const AttemptSpec spec = real.attempt("queued", "echo ran; exit 6");
  real.settings.options.extra_arguments = {"--hold"};
  real.begin();
  start(spec);
  ASSERT_TRUE(real.until([&] { return real.left() == 1; }));
  real.begin();
  ASSERT_TRUE(real.resync({{spec, true}}));
  EXPECT_EQ(real.last(spec.id)->phase, Phase::Preparing);
  real.lines("scontrol release " + real.last(spec.id)->container);
  EXPECT_EQ(ended(spec).exit_code, 6) << real.story(spec.id);
  EXPECT_EQ(text_of(spec.directory / "stdout.log"), "ran\n");
}

TEST_F(SlurmQueue, NeverStartsWhatMayHaveBeenStartedAlready) {
  const AttemptSpec spec = real.attempt("doubtful", "echo ran");
  real.engine->create(spec);
  ASSERT_TRUE(real.await(spec.id, Phase::Created));
  real.begin();
  ASSERT_TRUE(real.resync({{spec, true}}));
  EXPECT_EQ(real.last(spec.id)->phase, Phase::Missing);
  EXPECT_EQ(real.last(spec.id)->reason, Reason::Interrupted);
}

// An sbatch whose first job arrives late, just before the one that was submitted in its place.
TEST_F(SlurmQueue, WhatWasSubmittedTwiceRunsOnceAndIsFollowedWhereItRuns) {
  const auto programs = real.directory / "late";
  std::filesystem::create_directory(programs);
  const std::string sbatch = real.lines("command -v sbatch").at(0);
  ASSERT_TRUE(write_file_atomically(programs / "sbatch",
                                    "#!/bin/bash\n"
                                    "if [ ! -e \"$0.words\" ]; then\n"
                                    "  printf '%q ' \"$@\" >\"$0.words\"; cat >\"$0.script\"\n"
                                    "  echo 'Unable to contact slurm controller' >&2; exit 1\n"
                                    "fi\n"
                                    "eval \"" +
                                        sbatch +
                                        " $(cat \"$0.words\")\" <\"$0.script\" >\"$0.first\"\n"
                                        "exec " +
                                        sbatch + " \"$@\"\n",
                                    0755));
  const std::string path = getenv("PATH");
  setenv("PATH", (programs.string() + ":" + path).c_str(), 1);
  const AttemptSpec spec = real.attempt("twice", "echo ran; sleep 8; exit 3");
  start(spec);
  EXPECT_EQ(ended(spec).exit_code, 3);
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(text_of(spec.directory / "stdout.log"), "ran\n");
  const std::string first = text_of(programs / "sbatch.first");
  ASSERT_FALSE(first.empty());
  EXPECT_EQ(real.last(spec.id)->container, std::string(trim(first)) + "_0");
}

TEST_F(SlurmQueue, RunsManyByOneArray) {
  std::vector<AttemptSpec> specs;
  for (int i = 0; i < 12; ++i) {
    const std::string number = std::to_string(i);
    specs.push_back(real.attempt("many-" + number, "echo " + number + "; exit " + number));
    start(specs.back());
  }
  std::set<std::string> arrays;
  for (int i = 0; i < 12; ++i) {
    const AttemptSpec& spec = specs[static_cast<size_t>(i)];
    EXPECT_EQ(ended(spec).exit_code, i);
    EXPECT_EQ(text_of(spec.directory / "stdout.log"), std::to_string(i) + "\n");
    arrays.insert(real.last(spec.id)->container.substr(0, real.last(spec.id)->container.find('_')));
  }
  EXPECT_LE(arrays.size(), 2u);
}

}  // namespace
}  // namespace studyctl
