#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "real_slurm.h"

// What engine.h promises, on a real Slurm: a task has no container, and is in Slurm's queue only once it is
// to start.
namespace studyctl {
namespace {

using Phase = Observation::Phase;

class SlurmContract : public ::testing::Test {
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

TEST_F(SlurmContract, TellsWhatTheClusterHas) {
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

TEST_F(SlurmContract, NamesThePartitionsWhereTheWantedOneIsNotThere) {
  real.settings.options.partition = "nope";
  real.begin();
  std::optional<Result<Inventory>> answer;
  real.engine->inspect([&](Result<Inventory> found) { answer = std::move(found); });
  ASSERT_TRUE(real.until([&] { return answer.has_value(); }));
  ASSERT_FALSE(*answer);
  EXPECT_NE(answer->error().message.find("has no 'nope'; there are main"), std::string::npos)
      << answer->error().message;
}

TEST_F(SlurmContract, RunsAnAttemptAndBringsItsLogsAndExitCode) {
  const AttemptSpec spec = real.task("simple", "echo out; echo err >&2; exit 7");
  const Observation end = real.run(spec);
  EXPECT_EQ(end.phase, Phase::Exited) << real.story(spec.id);
  EXPECT_EQ(end.exit_code, 7);
  EXPECT_EQ(end.reason, Reason::Error);
  EXPECT_EQ(end.message, "exited with code 7");
  ASSERT_TRUE(end.started_at && end.finished_at);
  EXPECT_GE(*end.finished_at, *end.started_at);
  EXPECT_EQ(text_of(spec.directory / "stdout.log"), "out\n");
  EXPECT_EQ(text_of(spec.directory / "stderr.log"), "err\n");
  EXPECT_EQ(real.count(spec.id, Phase::Created), 1);
  EXPECT_EQ(real.count(spec.id, Phase::Running), 1);
  EXPECT_EQ(real.count(spec.id, Phase::Exited), 1);
  EXPECT_TRUE(real.forget(spec.id));
  EXPECT_FALSE(std::filesystem::exists(spec.scratch));
}

TEST_F(SlurmContract, FollowsTheLogOfARunningAttemptAndForgetsIt) {
  const AttemptSpec spec = real.task("follows", "echo first; sleep 60");
  start(spec);
  EXPECT_TRUE(says(spec, "first\n"));
  EXPECT_EQ(real.find(spec.id, Phase::Exited), nullptr);
  EXPECT_TRUE(real.forget(spec.id));
  EXPECT_TRUE(real.until([&] { return real.left() == 0; }));
}

TEST_F(SlurmContract, GivesATaskWhatItsSpecSays) {
  AttemptSpec spec =
      real.task("spec", "pwd; echo $GREETING; cat $DATA/in; echo $CUDA_VISIBLE_DEVICES; nproc");
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

TEST_F(SlurmContract, KeepsItsOwnSecretsFromTheTask) {
  setenv("STUDYCTL_TEST_SECRET", "hunter2", 1);
  AttemptSpec spec = real.task("variables", "echo ${STUDYCTL_TEST_SECRET-none}; echo $TOKEN | wc -c");
  spec.main.environment = {{"TOKEN", "hunter2"}};
  spec.main.secret_variables = {"TOKEN"};
  EXPECT_EQ(real.run(spec).exit_code, 0);
  unsetenv("STUDYCTL_TEST_SECRET");
  EXPECT_EQ(text_of(spec.directory / "stdout.log"), "none\n8\n");
  EXPECT_EQ(real.engine->command_line(spec).find("hunter2"), std::string::npos);
}

TEST_F(SlurmContract, RefusesWhatCannotBe) {
  AttemptSpec no_command = real.task("no-command", "");
  no_command.main.command = {"/there/is/none"};
  EXPECT_EQ(real.run(no_command).phase, Phase::Refused) << real.story(no_command.id);
  EXPECT_EQ(real.last(no_command.id)->reason, Reason::CreateError);
  EXPECT_NE(real.last(no_command.id)->message.find("/there/is/none"), std::string::npos);

  AttemptSpec no_source = real.task("no-source", "true");
  no_source.main.mounts = {{Mount::Kind::Bind, (real.directory / "never-made").string(), "/data", false, {}}};
  EXPECT_EQ(real.run(no_source).phase, Phase::Refused);
  EXPECT_NE(real.last(no_source.id)->message.find("never-made"), std::string::npos);

  AttemptSpec too_much = real.task("too-much", "true");
  too_much.main.resources.memory_bytes = int64_t{1} << 50;
  EXPECT_EQ(real.run(too_much).phase, Phase::Refused) << real.story(too_much.id);
  EXPECT_EQ(real.last(too_much.id)->reason, Reason::CreateError);
  EXPECT_TRUE(real.last(too_much.id)->message.starts_with("Slurm refused it: "))
      << real.last(too_much.id)->message;
}

TEST_F(SlurmContract, StopsWithTermAndKillsWhatIgnoresIt) {
  const AttemptSpec polite =
      real.task("term", "trap 'echo bye; exit 5' TERM; echo up; while true; do sleep 0.1; done");
  start(polite);
  ASSERT_TRUE(says(polite, "up\n")) << real.story(polite.id);
  real.engine->stop(polite.id, std::chrono::seconds(20));
  EXPECT_EQ(ended(polite).exit_code, 5);
  EXPECT_TRUE(says(polite, "up\nbye\n"));

  const AttemptSpec deaf = real.task("kill", "trap '' TERM; echo up; while true; do sleep 0.1; done");
  start(deaf);
  ASSERT_TRUE(says(deaf, "up\n"));
  real.engine->stop(deaf.id, Duration(700));
  EXPECT_EQ(ended(deaf).signal, 9);
  EXPECT_EQ(real.last(deaf.id)->reason, Reason::Error);
}

TEST_F(SlurmContract, StopBeforeItRunsEndsItAsCancelled) {
  const AttemptSpec unstarted = real.task("unstarted", "true");
  real.engine->create(unstarted);
  real.engine->stop(unstarted.id, Duration(1000));
  ASSERT_TRUE(real.await(unstarted.id, Phase::Refused));
  EXPECT_EQ(real.last(unstarted.id)->reason, Reason::Cancelled);

  AttemptSpec waits = real.task("waits", "echo ran");
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

TEST_F(SlurmContract, TellsOutOfMemoryFromAKill) {
  AttemptSpec hog = real.task("hog", "x=$(head -c 200000000 /dev/zero | tr '\\0' x); echo survived");
  hog.main.resources.memory_bytes = 64 << 20;
  const Observation oom = real.run(hog);
  EXPECT_EQ(oom.reason, Reason::OOMKilled) << oom.message << " exit " << oom.exit_code;
  const Observation kill = real.run(real.task("self-kill", "exit 137"));
  EXPECT_EQ(kill.reason, Reason::Error);
  EXPECT_EQ(kill.message, "killed (137), cause unknown");
}

TEST_F(SlurmContract, SaysWhenSomebodyElseCancelledIt) {
  const AttemptSpec spec = real.task("stranger", "sleep 60");
  start(spec);
  ASSERT_TRUE(real.await(spec.id, Phase::Running)) << real.story(spec.id);
  real.kill(spec.id);
  EXPECT_EQ(ended(spec).reason, Reason::Interrupted) << real.story(spec.id);
}

// ---- after a crash of the controller ----

TEST_F(SlurmContract, AdoptsARunningAttempt) {
  const AttemptSpec spec = real.task("adopted", "echo before; sleep 3; echo after; exit 6");
  start(spec);
  ASSERT_TRUE(says(spec, "before\n"));
  real.begin();
  ASSERT_TRUE(real.resync({{spec, true}}));
  ASSERT_TRUE(real.last(spec.id)) << "nothing was told";
  EXPECT_EQ(real.last(spec.id)->phase, Phase::Running);
  EXPECT_EQ(ended(spec).exit_code, 6);
  EXPECT_EQ(text_of(spec.directory / "stdout.log"), "before\nafter\n");
}

TEST_F(SlurmContract, AdoptsOneThatWaitsInTheQueueAndRunsItOnce) {
  const AttemptSpec spec = real.task("queued", "echo ran; exit 6");
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

TEST_F(SlurmContract, HarvestsAnAttemptThatEndedMeanwhile) {
  const AttemptSpec spec = real.task("harvested", "echo done; exit 6");
  start(spec);
  ASSERT_TRUE(real.await(spec.id, Phase::Running)) << real.story(spec.id);
  real.begin();
  ASSERT_TRUE(real.until([&] { return real.has_exited(spec.id); }));
  ASSERT_TRUE(real.resync({{spec, true}}));
  EXPECT_EQ(real.count(spec.id, Phase::Running), 1);
  EXPECT_EQ(ended(spec).exit_code, 6);
}

TEST_F(SlurmContract, TakesUpACreatedAttemptThatWasNeverToStart) {
  const AttemptSpec spec = real.task("created", "exit 2");
  real.engine->create(spec);
  ASSERT_TRUE(real.await(spec.id, Phase::Created));
  real.begin();
  ASSERT_TRUE(real.resync({{spec, false}}));
  EXPECT_EQ(real.last(spec.id)->phase, Phase::Created);
  real.engine->start(spec.id);
  EXPECT_EQ(ended(spec).exit_code, 2);
}

TEST_F(SlurmContract, NeverStartsWhatMayHaveBeenStartedAlready) {
  const AttemptSpec spec = real.task("doubtful", "echo ran");
  real.engine->create(spec);
  ASSERT_TRUE(real.await(spec.id, Phase::Created));
  real.begin();
  ASSERT_TRUE(real.resync({{spec, true}}));
  EXPECT_EQ(real.last(spec.id)->phase, Phase::Missing);
  EXPECT_EQ(real.last(spec.id)->reason, Reason::Interrupted);
}

TEST_F(SlurmContract, MissesWhatIsNotThereAndRemovesWhatNobodyExpects) {
  const AttemptSpec gone = real.task("gone", "true");
  const AttemptSpec orphan = real.task("orphan", "sleep 60");
  start(orphan);
  ASSERT_TRUE(real.await(orphan.id, Phase::Running)) << real.story(orphan.id);
  real.begin();
  ASSERT_TRUE(real.resync({{gone, true}}));
  EXPECT_EQ(real.last(gone.id)->phase, Phase::Missing);
  EXPECT_EQ(real.last(gone.id)->reason, Reason::Lost);
  EXPECT_TRUE(real.until([&] { return real.left() == 0; })) << real.shown(gone.id);
}

TEST_F(SlurmContract, NeverTouchesAnotherVolumesJobs) {
  RealSlurm other(test_engine("STUDYCTL_TEST_SLURM"));
  const AttemptSpec theirs = other.task("theirs", "sleep 60");
  other.engine->create(theirs);
  ASSERT_TRUE(other.await(theirs.id, Phase::Created));
  other.engine->start(theirs.id);
  ASSERT_TRUE(other.await(theirs.id, Phase::Running));
  ASSERT_TRUE(real.resync({}));
  real.run_for(Duration(1000));
  EXPECT_EQ(other.left(), 1u);
}

TEST_F(SlurmContract, RunsManyByOneArray) {
  std::vector<AttemptSpec> specs;
  for (int i = 0; i < 12; ++i) {
    const std::string number = std::to_string(i);
    specs.push_back(real.task("many-" + number, "echo " + number + "; exit " + number));
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
