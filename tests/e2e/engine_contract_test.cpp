#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "real_cluster.h"
#include "real_engine.h"
#include "real_processes.h"
#include "real_slurm.h"

// What engine.h promises, on each real engine.
namespace studyctl {
namespace {

using Phase = Observation::Phase;

constexpr char kProcesses[] = "processes";  // the others: the variables that say where they are

class EngineContract : public ::testing::TestWithParam<std::string> {
 protected:
  static std::unique_ptr<AnyEngine> another() {
    if (GetParam() == kProcesses) return std::make_unique<RealProcesses>();
    const std::string where = test_engine(GetParam());
    if (GetParam() == "STUDYCTL_TEST_KUBERNETES") return std::make_unique<RealCluster>(where);
    if (GetParam() == "STUDYCTL_TEST_SLURM") return std::make_unique<RealSlurm>(where);
    return std::make_unique<RealEngine>(where);
  }
  AnyEngine& real() {
    if (!real_) real_ = another();
    return *real_;
  }
  // A cluster mixes what a container says on both.
  std::string output(const AttemptSpec& spec) {
    return text_of(spec.directory / "stdout.log") + text_of(spec.directory / "stderr.log");
  }
  std::unique_ptr<AnyEngine> real_;
};

// What runs from images.
class ImageContract : public EngineContract {};

// What container engines have and nothing else: a container that is made and waits, limits of pids, chosen
// cpus.
class ContainerContract : public EngineContract {};

// What this machine's engines have, plain processes among them: both streams apart, init containers whose
// logs are here, and a kernel's word on memory.
class LocalContract : public EngineContract {};

TEST_P(EngineContract, RunsAnAttemptAndBringsItsLogsAndExitCode) {
  const AttemptSpec spec = real().attempt("simple", "echo out; sleep 0.2; echo err >&2; exit 7");
  const Observation end = real().run(spec);
  EXPECT_EQ(end.phase, Phase::Exited);
  EXPECT_EQ(end.exit_code, 7);
  EXPECT_EQ(end.signal, 0);
  EXPECT_EQ(end.reason, Reason::Error);
  EXPECT_EQ(end.message, "exited with code 7");
  ASSERT_TRUE(end.started_at && end.finished_at);
  EXPECT_GE(*end.finished_at, *end.started_at - std::chrono::seconds(2));  // engines' clocks are coarse
  EXPECT_EQ(output(spec), "out\nerr\n");
  EXPECT_EQ(real().count(spec.id, Phase::Created), 1);
  EXPECT_EQ(real().count(spec.id, Phase::Running), 1);
  EXPECT_EQ(real().count(spec.id, Phase::Exited), 1);
  EXPECT_TRUE(real().forget(spec.id));
  EXPECT_TRUE(real().left() == 0);
}

TEST_P(EngineContract, FollowsTheLogOfARunningAttempt) {
  const AttemptSpec spec = real().attempt("follows", "echo first; sleep 60");
  real().engine->create(spec);
  ASSERT_TRUE(real().await(spec.id, Phase::Created));
  real().engine->start(spec.id);
  EXPECT_TRUE(real().until([&] { return text_of(spec.directory / "stdout.log") == "first\n"; }));
  EXPECT_EQ(real().find(spec.id, Phase::Exited), nullptr);
  EXPECT_TRUE(real().forget(spec.id));
}

TEST_P(LocalContract, BringsALongLogWholeAndInOrder) {
  const AttemptSpec spec = real().attempt(
      "long", "i=0; while [ $i -lt 30 ]; do seq 1 3000; seq 1 1000 >&2; i=$((i+1)); sleep 0.02; done");
  EXPECT_EQ(real().run(spec).exit_code, 0);
  std::string out, err;
  for (int i = 0; i < 30; ++i) {
    for (int n = 1; n <= 3000; ++n) out += std::to_string(n) + "\n";
    for (int n = 1; n <= 1000; ++n) err += std::to_string(n) + "\n";
  }
  EXPECT_TRUE(text_of(spec.directory / "stdout.log") == out) << text_of(spec.directory / "stdout.log").size();
  EXPECT_TRUE(text_of(spec.directory / "stderr.log") == err) << text_of(spec.directory / "stderr.log").size();
}

TEST_P(ContainerContract, MakesNoSecondContainerForTheSameAttempt) {
  const AttemptSpec spec = real().attempt("twice", "true");
  real().engine->create(spec);
  real().engine->create(spec);
  ASSERT_TRUE(real().await(spec.id, Phase::Created));
  real().engine->create(spec);
  real().run_for(Duration(300));
  EXPECT_EQ(real().left(), 1u);
  EXPECT_EQ(real().last(spec.id)->phase, Phase::Created);
}

TEST_P(ContainerContract, FindsTheContainerThatALostAnswerMade) {
  const AttemptSpec spec = real().attempt("lost-answer", "exit 3");
  real().engine->create(spec);
  ASSERT_TRUE(real().await(spec.id, Phase::Created));
  const std::string container = real().last(spec.id)->container;
  real().begin();
  EXPECT_EQ(real().run(spec).exit_code, 3);
  EXPECT_EQ(real().last(spec.id)->container, container);
}

TEST_P(ContainerContract, RefusesANameThatBelongsToSomethingElse) {
  const AttemptSpec mine = real().attempt("taken", "true");
  AttemptSpec other = mine;
  other.labels["studyctl.io/spec-hash"] = "another";
  real().engine->create(other);
  ASSERT_TRUE(real().await(other.id, Phase::Created));
  real().begin();
  real().engine->create(mine);
  ASSERT_TRUE(real().await(mine.id, Phase::Refused));
  EXPECT_EQ(real().last(mine.id)->reason, Reason::CreateError);
  EXPECT_NE(real().last(mine.id)->message.find("spec-hash"), std::string::npos)
      << real().last(mine.id)->message;
}

// ---- what cannot be ----

TEST_P(ImageContract, TellsWhatItRan) {
  EXPECT_TRUE(real().run(real().attempt("image", "true")).image_digest.starts_with("sha256:"));
}

TEST_P(ImageContract, NamesAnImageThatIsNotThere) {
  AttemptSpec spec = real().attempt("no-image", "true");
  spec.main.image = "studyctl/there-is-none:7";
  spec.main.pull_policy = PullPolicy::Never;
  const Observation end = real().run(spec);
  EXPECT_EQ(end.phase, Phase::Refused);
  EXPECT_EQ(end.reason, Reason::ImagePull);
  EXPECT_NE(end.message.find("studyctl/there-is-none:7"), std::string::npos) << end.message;
}

TEST_P(ImageContract, SaysWhyAPullFailed) {
  AttemptSpec spec = real().attempt("no-registry", "true");
  spec.main.image = "localhost:1/x:1";
  const Observation end = real().run(spec);
  EXPECT_EQ(end.phase, Phase::Refused);
  EXPECT_EQ(end.reason, Reason::ImagePull);
  EXPECT_NE(end.message.find("cannot pull image localhost:1/x:1: "), std::string::npos) << end.message;
}

TEST_P(EngineContract, SaysWhenTheCommandIsNotInTheImage) {
  AttemptSpec spec = real().attempt("no-command", {});
  spec.main.command = {"/there/is/none"};
  const Observation end = real().run(spec);
  EXPECT_EQ(end.phase, Phase::Refused);
  EXPECT_EQ(end.reason, Reason::CreateError);
  EXPECT_NE(end.message.find("/there/is/none"), std::string::npos) << end.message;
}

TEST_P(EngineContract, MountsNothingThatDoesNotExist) {
  AttemptSpec spec = real().attempt("no-source", "true");
  const auto source = real().directory / "never-made";
  spec.main.mounts.push_back({Mount::Kind::Bind, source.string(), "/data", false, {}});
  const Observation end = real().run(spec);
  EXPECT_EQ(end.phase, Phase::Refused);
  EXPECT_EQ(end.reason, Reason::CreateError);
  EXPECT_NE(end.message.find("never-made"), std::string::npos) << end.message;
  EXPECT_FALSE(std::filesystem::exists(source));
}

// ---- what a container gets ----

TEST_P(ContainerContract, GivesAContainerWhatItsSpecSays) {
  AttemptSpec spec = real().attempt("spec", R"(
    pwd; id -u; id -g; echo "$GREETING"
    touch /nowhere 2>/dev/null && echo writable-root
    df -k /dev/shm | tail -n 1 | awk '{print $2}'
    df -k /scratch | tail -n 1 | awk '{print $2}'; touch /scratch/x && echo scratch
    cat /data/in; echo answer >/data/out
    grep NoNewPrivs /proc/self/status | tr -d '\t'
    grep Cpus_allowed_list /proc/self/status | tr -d '\t'
    cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max
    cat /sys/fs/cgroup/pids/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids.max)");
  spec.main.working_directory = "/tmp";
  spec.main.security.run_as_user = 1234;
  spec.main.security.run_as_group = 4321;
  spec.main.security.read_only_root = true;
  spec.main.environment = {{"GREETING", "a b=c"}};
  spec.main.resources.memory_bytes = 64 << 20;
  spec.main.resources.millicpu = 500;
  spec.main.resources.pids = 77;
  spec.cpus = {1};
  const auto data = real().directory / "data";
  std::filesystem::create_directories(data);
  std::filesystem::permissions(data, std::filesystem::perms::all);
  std::ofstream(data / "in") << "question\n";
  spec.main.mounts = {{Mount::Kind::Bind, data.string(), "/data", false, {}},
                      {Mount::Kind::Memory, {}, "/dev/shm", false, 8 << 20},
                      {Mount::Kind::Memory, {}, "/scratch", false, 4 << 20}};
  EXPECT_EQ(real().run(spec).phase, Phase::Exited) << real().last(spec.id)->message;
  EXPECT_EQ(text_of(spec.directory / "stdout.log"),
            "/tmp\n1234\n4321\na "
            "b=c\n8192\n4096\nscratch\nquestion\nNoNewPrivs:1\nCpus_allowed_list:1\n67108864\n77\n")
      << text_of(spec.directory / "stderr.log");
  EXPECT_EQ(text_of(data / "out"), "answer\n");
}

TEST_P(EngineContract, NeitherNvidiaVariablesNorSecretsGetPastIt) {
  AttemptSpec spec = real().attempt("variables", "echo ${NVIDIA_VISIBLE_DEVICES-none}; echo $TOKEN | wc -c");
  spec.main.environment = {{"NVIDIA_VISIBLE_DEVICES", "all"}, {"TOKEN", "hunter2"}};
  spec.main.secret_variables = {"TOKEN"};
  EXPECT_EQ(real().run(spec).exit_code, 0);
  EXPECT_EQ(text_of(spec.directory / "stdout.log"), "none\n8\n");
  EXPECT_EQ(real().engine->command_line(spec).find("hunter2"), std::string::npos);
}

TEST_P(ContainerContract, RunsInitContainersInOrderBeforeMain) {
  AttemptSpec spec = real().attempt("inits", "cat /work/log; echo main");
  const auto work = real().directory / "work";
  std::filesystem::create_directories(work);
  spec.main.mounts = {{Mount::Kind::Bind, work.string(), "/work", false, {}}};
  for (const char* word : {"one", "two"}) {
    spec.init.push_back(spec.main);
    spec.init.back().name = word;
    spec.init.back().command = {"/bin/sh", "-c",
                                std::string("echo ") + word + " >>/work/log; echo said-" + word};
  }
  EXPECT_EQ(real().run(spec).exit_code, 0);
  EXPECT_EQ(text_of(spec.directory / "stdout.log"), "one\ntwo\nmain\n");
  EXPECT_EQ(text_of(spec.directory / "init-0.log"), "said-one\n");
  EXPECT_EQ(real().left(), 3u);
  EXPECT_TRUE(real().forget(spec.id));
  EXPECT_TRUE(real().left() == 0);
}

TEST_P(LocalContract, RunsNoMainAfterAFailedInitContainer) {
  AttemptSpec spec = real().attempt("bad-init", "echo main");
  spec.init.push_back(spec.main);
  spec.init.back().name = "fetch";
  spec.init.back().command = {"/bin/sh", "-c", "exit 4"};
  const Observation end = real().run(spec);
  EXPECT_EQ(end.phase, Phase::Refused);
  EXPECT_EQ(end.reason, Reason::Error);
  EXPECT_EQ(end.message, "init container 0 (fetch) exited 4");
  EXPECT_EQ(text_of(spec.directory / "stdout.log"), "");
}

// ---- ends ----

TEST_P(EngineContract, StopsWithTermAndTellsTheSignal) {
  const AttemptSpec spec =
      real().attempt("term", "trap 'echo bye; exit 5' TERM; echo up; while true; do sleep 0.1; done");
  real().engine->create(spec);
  ASSERT_TRUE(real().await(spec.id, Phase::Created));
  real().engine->start(spec.id);
  ASSERT_TRUE(real().until([&] { return text_of(spec.directory / "stdout.log") == "up\n"; }));
  real().engine->stop(spec.id, std::chrono::seconds(20));
  ASSERT_TRUE(real().await(spec.id, Phase::Exited));
  EXPECT_EQ(real().last(spec.id)->exit_code, 5);
  EXPECT_EQ(text_of(spec.directory / "stdout.log"), "up\nbye\n");
}

TEST_P(EngineContract, KillsWhatIgnoresTermAfterTheGrace) {
  const AttemptSpec spec = real().attempt("kill", "trap '' TERM; echo up; while true; do sleep 0.1; done");
  real().engine->create(spec);
  ASSERT_TRUE(real().await(spec.id, Phase::Created));
  real().engine->start(spec.id);
  ASSERT_TRUE(real().until([&] { return text_of(spec.directory / "stdout.log") == "up\n"; }));
  const Steady begin = real().clock.steady();
  real().engine->stop(spec.id, Duration(700));
  ASSERT_TRUE(real().await(spec.id, Phase::Exited));
  EXPECT_GE(real().clock.steady() - begin, Duration(700));
  EXPECT_EQ(real().last(spec.id)->signal, 9);
  EXPECT_EQ(real().last(spec.id)->reason, Reason::Error);
}

TEST_P(EngineContract, StopBeforeTheStartEndsItAsCancelled) {
  const AttemptSpec spec = real().attempt("unstarted", "true");
  real().engine->create(spec);
  real().engine->stop(spec.id, Duration(1000));
  ASSERT_TRUE(real().await(spec.id, Phase::Refused));
  EXPECT_EQ(real().last(spec.id)->reason, Reason::Cancelled);
  EXPECT_TRUE(real().forget(spec.id));
  EXPECT_TRUE(real().left() == 0);
}

// A stop meets a start wherever that is: before its container is there, while it is made, when it just runs.
TEST_P(EngineContract, StopsWhatIsJustBeingStarted) {
  std::vector<AttemptSpec> specs;
  for (int i = 0; i < 12; ++i) specs.push_back(real().attempt("young-" + std::to_string(i), "sleep 300"));
  for (const AttemptSpec& spec : specs) real().engine->create(spec);
  for (const AttemptSpec& spec : specs) ASSERT_TRUE(real().await(spec.id, Phase::Created));
  for (const AttemptSpec& spec : specs) real().engine->start(spec.id);
  for (const AttemptSpec& spec : specs) {
    real().run_for(Duration(400));
    real().engine->stop(spec.id, Duration(4'000));
  }
  const auto has_ended = [&](const AttemptSpec& spec) {
    const Phase phase = real().last(spec.id)->phase;
    return phase == Phase::Exited || phase == Phase::Refused || phase == Phase::Missing;
  };
  EXPECT_TRUE(real().until([&] { return std::all_of(specs.begin(), specs.end(), has_ended); }));
  for (const AttemptSpec& spec : specs)
    EXPECT_TRUE(has_ended(spec)) << spec.id.text << " is in phase "
                                 << static_cast<int>(real().last(spec.id)->phase) << ": "
                                 << real().last(spec.id)->message;
  for (const AttemptSpec& spec : specs) EXPECT_TRUE(real().forget(spec.id));
  EXPECT_TRUE(real().left() == 0);
}

TEST_P(EngineContract, TellsOutOfMemoryFromAKill) {
  AttemptSpec hog =
      real().attempt("hog", "x=$(cat /dev/zero | head -c 200000000 | tr '\\0' x); echo survived");
  hog.main.resources.memory_bytes = 32 << 20;
  const Observation oom = real().run(hog);
  EXPECT_EQ(oom.reason, Reason::OOMKilled) << oom.message << " exit " << oom.exit_code;
  const AttemptSpec killed = real().attempt("self-kill", "exit 137");
  const Observation kill = real().run(killed);
  EXPECT_EQ(kill.reason, Reason::Error);
  EXPECT_EQ(kill.exit_code, 137);
  EXPECT_EQ(kill.message, "killed (137), cause unknown");
}

// Docker flags it, Podman before 5 does not: the kernel's log tells there.
TEST_P(LocalContract, WarnsOfAChildKilledForMemoryInASuccess) {
  // A child of one process: others that go on while the kernel kills the largest make it kill once more, and
  // then the main one. tail keeps all of what has no end of a line.
  AttemptSpec spec = real().attempt("child-hog", "(exec tail /dev/zero); exit 0");
  spec.main.resources.memory_bytes = 32 << 20;
  const Observation end = real().run(spec);
  EXPECT_EQ(end.exit_code, 0);
  EXPECT_EQ(end.reason, Reason::Completed) << end.message;
  EXPECT_EQ(end.warnings,
            std::vector<std::string>{"a process in it was killed at the memory limit (32.0 MiB)"});
}

TEST_P(ContainerContract, SaysWhenSomebodyElseStoppedIt) {
  const AttemptSpec spec = real().attempt("stranger", "sleep 60");
  real().engine->create(spec);
  ASSERT_TRUE(real().await(spec.id, Phase::Created));
  real().engine->start(spec.id);
  ASSERT_TRUE(real().await(spec.id, Phase::Running));
  real().run_for(Duration(1000));
  real().kill(spec.id);
  ASSERT_TRUE(real().await(spec.id, Phase::Exited));
  EXPECT_EQ(real().last(spec.id)->signal, 9);
  EXPECT_EQ(real().last(spec.id)->reason, Reason::Interrupted) << real().last(spec.id)->message;
}

TEST_P(EngineContract, MissesAContainerThatSomebodyRemoved) {
  const AttemptSpec spec = real().attempt("removed", "sleep 60");
  real().engine->create(spec);
  ASSERT_TRUE(real().await(spec.id, Phase::Created));
  real().engine->start(spec.id);
  ASSERT_TRUE(real().await(spec.id, Phase::Running));
  real().kill(spec.id);
  real().remove(spec.id);
  ASSERT_TRUE(real().until([&] {
    const Phase phase = real().last(spec.id)->phase;
    return phase == Phase::Missing || phase == Phase::Exited;
  }));
  EXPECT_TRUE(real().forget(spec.id));
}

TEST_P(LocalContract, TellsWhatTheMachineWasLikeMeanwhile) {
  const AttemptSpec spec = real().attempt("busy", "timeout 3 sh -c 'while :; do :; done'; exit 0");
  const Observation end = real().run(spec);
  EXPECT_GE(end.conditions.samples, 1u);
  EXPECT_GT(end.conditions.own_cores, 0.2);
  EXPECT_LT(end.conditions.own_cores, 1.3);
}

// ---- after a crash of the controller ----

TEST_P(EngineContract, AdoptsARunningAttemptWithItsWholeLog) {
  const AttemptSpec spec = real().attempt("adopted", "echo before; sleep 2; echo after; exit 6");
  real().engine->create(spec);
  ASSERT_TRUE(real().await(spec.id, Phase::Created));
  real().engine->start(spec.id);
  ASSERT_TRUE(real().until([&] { return text_of(spec.directory / "stdout.log") == "before\n"; }));
  real().begin();
  ASSERT_TRUE(real().resync({{spec, true}}));
  EXPECT_EQ(real().last(spec.id)->phase, Phase::Running);
  ASSERT_TRUE(real().await(spec.id, Phase::Exited));
  EXPECT_EQ(real().last(spec.id)->exit_code, 6);
  EXPECT_EQ(text_of(spec.directory / "stdout.log"), "before\nafter\n");
}

TEST_P(EngineContract, HarvestsAnAttemptThatEndedMeanwhile) {
  const AttemptSpec spec = real().attempt("harvested", "echo done; exit 6");
  real().engine->create(spec);
  ASSERT_TRUE(real().await(spec.id, Phase::Created));
  real().engine->start(spec.id);
  ASSERT_TRUE(real().await(spec.id, Phase::Running));
  real().begin();
  ASSERT_TRUE(real().until([&] { return real().has_exited(spec.id); }));
  ASSERT_TRUE(real().resync({{spec, true}}));
  ASSERT_TRUE(real().await(spec.id, Phase::Exited));
  EXPECT_EQ(real().last(spec.id)->exit_code, 6);
  EXPECT_EQ(text_of(spec.directory / "stdout.log"), "done\n");
}

TEST_P(EngineContract, TakesUpACreatedAttemptThatWasNeverToStart) {
  const AttemptSpec spec = real().attempt("created", "exit 2");
  real().engine->create(spec);
  ASSERT_TRUE(real().await(spec.id, Phase::Created));
  real().begin();
  ASSERT_TRUE(real().resync({{spec, false}}));
  ASSERT_NE(real().last(spec.id), nullptr);
  if (real().last(spec.id)->phase == Phase::Missing) {  // nothing is there before the start: it is made anew
    EXPECT_EQ(real().last(spec.id)->reason, Reason::Lost);
    real().engine->create(spec);
    ASSERT_TRUE(real().await(spec.id, Phase::Created));
  }
  EXPECT_EQ(real().last(spec.id)->phase, Phase::Created);
  real().engine->start(spec.id);
  ASSERT_TRUE(real().await(spec.id, Phase::Exited));
  EXPECT_EQ(real().last(spec.id)->exit_code, 2);
}

TEST_P(ContainerContract, NeverStartsWhatMayHaveBeenStartedAlready) {
  const AttemptSpec spec = real().attempt("doubtful", "true");
  real().engine->create(spec);
  ASSERT_TRUE(real().await(spec.id, Phase::Created));
  real().begin();
  ASSERT_TRUE(real().resync({{spec, true}}));
  EXPECT_EQ(real().last(spec.id)->phase, Phase::Missing);
  EXPECT_EQ(real().last(spec.id)->reason, Reason::Interrupted);
  EXPECT_TRUE(real().left() == 0);
}

TEST_P(EngineContract, MissesWhatIsNotThereAndRemovesWhatNobodyExpects) {
  const AttemptSpec gone = real().attempt("gone", "true");
  const AttemptSpec orphan = real().attempt("orphan", "sleep 60");
  real().engine->create(orphan);
  ASSERT_TRUE(real().await(orphan.id, Phase::Created));
  real().engine->start(orphan.id);
  ASSERT_TRUE(real().await(orphan.id, Phase::Running));
  real().begin();
  ASSERT_TRUE(real().resync({{gone, true}}));
  EXPECT_EQ(real().last(gone.id)->phase, Phase::Missing);
  EXPECT_EQ(real().last(gone.id)->reason, Reason::Lost);
  EXPECT_TRUE(real().until([&] { return real().left() == 0; }));
}

TEST_P(EngineContract, NeverTouchesAnotherVolumesContainers) {
  const auto other = another();
  const AttemptSpec theirs = other->attempt("theirs", "sleep 30");
  other->engine->create(theirs);
  ASSERT_TRUE(other->await(theirs.id, Phase::Created));
  other->engine->start(theirs.id);
  ASSERT_TRUE(other->await(theirs.id, Phase::Running));
  const size_t before = other->left();
  ASSERT_TRUE(real().resync({}));
  real().run_for(Duration(1000));
  EXPECT_GE(before, 1u);
  EXPECT_EQ(other->left(), before);
}

TEST_P(EngineContract, RunsManyAtOnce) {
  std::vector<AttemptSpec> specs;
  for (int i = 0; i < 12; ++i) {
    specs.push_back(real().attempt("many-" + std::to_string(i),
                                   "echo $0-" + std::to_string(i) + "; exit " + std::to_string(i)));
  }
  real().on_seen = [&](const Observation& seen) {
    if (seen.phase == Phase::Created) real().engine->start(seen.attempt);
  };
  for (const AttemptSpec& spec : specs) real().engine->create(spec);
  for (int i = 0; i < 12; ++i) {
    const AttemptSpec& spec = specs[static_cast<size_t>(i)];
    ASSERT_TRUE(real().await(spec.id, Phase::Exited)) << spec.id.text;
    EXPECT_EQ(real().last(spec.id)->exit_code, i);
    EXPECT_EQ(text_of(spec.directory / "stdout.log"), "/bin/sh-" + std::to_string(i) + "\n");
  }
}

std::string name_of_engine(const ::testing::TestParamInfo<std::string>& engine) {
  if (engine.param == kProcesses) return "Processes";
  if (engine.param == "STUDYCTL_TEST_KUBERNETES") return "Kubernetes";
  if (engine.param == "STUDYCTL_TEST_SLURM") return "Slurm";
  return engine.param == "STUDYCTL_TEST_DOCKER" ? "Docker" : "Podman";
}

INSTANTIATE_TEST_SUITE_P(Engines, EngineContract,
                         ::testing::Values("STUDYCTL_TEST_DOCKER", "STUDYCTL_TEST_PODMAN",
                                           "STUDYCTL_TEST_KUBERNETES", "STUDYCTL_TEST_SLURM", kProcesses),
                         name_of_engine);
INSTANTIATE_TEST_SUITE_P(Engines, LocalContract,
                         ::testing::Values("STUDYCTL_TEST_DOCKER", "STUDYCTL_TEST_PODMAN", kProcesses),
                         name_of_engine);
INSTANTIATE_TEST_SUITE_P(Engines, ImageContract,
                         ::testing::Values("STUDYCTL_TEST_DOCKER", "STUDYCTL_TEST_PODMAN",
                                           "STUDYCTL_TEST_KUBERNETES"),
                         name_of_engine);
INSTANTIATE_TEST_SUITE_P(Engines, ContainerContract,
                         ::testing::Values("STUDYCTL_TEST_DOCKER", "STUDYCTL_TEST_PODMAN"), name_of_engine);

}  // namespace
}  // namespace studyctl
