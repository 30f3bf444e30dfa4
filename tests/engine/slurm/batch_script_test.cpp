#include "engine/slurm/batch_script.h"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/fd.h"
#include "base/temporary_directory.h"
#include "engine/slurm/attempt_home.h"
#include "io/subprocess.h"

namespace studyctl {
namespace {

// The script itself under bash, with what Slurm would set.
class BatchScript : public ::testing::Test {
 protected:
  AttemptSpec attempt(const std::string& script) {
    AttemptSpec spec;
    spec.id = {"x"};
    spec.labels = {{"studyctl.io/spec-hash", "hash"}};
    spec.directory = place_.path() / "it's here";
    spec.scratch = place_.path() / "scratch";
    std::filesystem::create_directories(spec.directory);
    spec.main.command = {"/bin/sh", "-c", script};
    return spec;
  }
  Program task(const AttemptSpec& spec) {
    const std::vector<std::filesystem::path> homes = {"/not/this", AttemptHome(spec).path()};
    const auto script = place_.path() / "script";
    EXPECT_TRUE(write_file_atomically(script, batch_script(homes)));
    return {{"bash", script.string()}, {{"SLURM_ARRAY_JOB_ID", "7"}, {"SLURM_ARRAY_TASK_ID", "1"}}, {}, {}};
  }
  int run(const AttemptSpec& spec) {
    const auto output = run_program(task(spec));
    EXPECT_TRUE(output);
    return output ? output->end.exit_code : -1;
  }
  static std::string text(const std::filesystem::path& path) {
    std::ifstream file(path);
    return std::string((std::istreambuf_iterator<char>(file)), {});
  }
  static std::string noted(const AttemptSpec& spec, const std::string& name) {
    const auto notes = AttemptHome(spec).notes(kExitFile);
    return notes && notes->contains(name) ? notes->at(name) : "nothing";
  }

  TemporaryDirectory place_;
};

TEST_F(BatchScript, RunsTheCommandOfItsTaskAndNotesItsEnd) {
  AttemptSpec spec = attempt("echo \"$GREETING\" $0; echo err >&2; pwd; exit 7");
  spec.main.environment = {{"GREETING", "it's  $HOME"}, {"odd.name", "1"}};
  ASSERT_TRUE(AttemptHome(spec).make(spec, {}));
  EXPECT_EQ(run(spec), 7);
  EXPECT_EQ(text(spec.directory / "stdout.log"), "it's  $HOME /bin/sh\n" + spec.directory.string() + "\n");
  EXPECT_EQ(text(spec.directory / "stderr.log"), "err\n");
  EXPECT_EQ(noted(spec, "code"), "7");
  EXPECT_EQ(noted(spec, "job"), "7_1");
  EXPECT_EQ(AttemptHome(spec).notes(kStartedFile)->at("job"), "7_1");
}

TEST_F(BatchScript, NeverRunsASecondTimeNorKeepsItsSecrets) {
  const AttemptSpec spec = attempt("echo once >>\"$0.log\"");
  ASSERT_TRUE(AttemptHome(spec).make(spec, {}));
  EXPECT_TRUE(AttemptHome(spec).is_untouched());
  EXPECT_EQ(run(spec), 0);
  EXPECT_FALSE(AttemptHome(spec).withdraw());
  EXPECT_FALSE(std::filesystem::exists(AttemptHome(spec).path() / "taken"));
  std::filesystem::remove(spec.directory / "stdout.log");
  EXPECT_EQ(run(spec), 0);
  EXPECT_FALSE(std::filesystem::exists(spec.directory / "stdout.log"));
}

TEST_F(BatchScript, RunsNothingThatWasWithdrawn) {
  const AttemptSpec spec = attempt("true");
  ASSERT_TRUE(AttemptHome(spec).make(spec, {}));
  EXPECT_TRUE(AttemptHome(spec).withdraw());
  EXPECT_TRUE(AttemptHome(spec).withdraw());
  EXPECT_EQ(run(spec), 0);
  EXPECT_EQ(noted(spec, "code"), "nothing");
}

TEST_F(BatchScript, SaysWhenItsHomeIsNotToBeSeen) {
  const AttemptSpec spec = attempt("true");
  EXPECT_EQ(run(spec), kHomeNotSeen);
}

TEST_F(BatchScript, RefusesACommandThatIsNotThere) {
  AttemptSpec spec = attempt("true");
  spec.main.command = {"/there/is/none"};
  ASSERT_TRUE(AttemptHome(spec).make(spec, {}));
  run(spec);
  EXPECT_EQ(noted(spec, "refused"), "CreateError");
  EXPECT_NE(noted(spec, "message").find("/there/is/none"), std::string::npos);
  EXPECT_FALSE(AttemptHome(spec).notes(kStartedFile));
}

TEST_F(BatchScript, RunsInitContainersFirstAndStopsAtTheOneThatFails) {
  AttemptSpec spec = attempt("echo main");
  spec.init.resize(2);
  spec.init[0].name = "one";
  spec.init[0].command = {"/bin/sh", "-c", "echo out; echo err >&2"};
  spec.init[1].name = "two";
  spec.init[1].command = {"/bin/sh", "-c", "exit 4"};
  ASSERT_TRUE(AttemptHome(spec).make(spec, {}));
  run(spec);
  EXPECT_EQ(text(spec.directory / "init-0.log"), "out\nerr\n");
  EXPECT_EQ(noted(spec, "refused"), "Error");
  EXPECT_EQ(noted(spec, "message"), "init container 1 (two) exited 4");
  EXPECT_FALSE(std::filesystem::exists(spec.directory / "stdout.log"));
}

// What each signal to the script comes to, with a workload that says when it is up.
class BatchSignal : public BatchScript {
 protected:
  std::optional<ProcessEnd> signalled(const AttemptSpec& spec, int signal) {
    EXPECT_TRUE(AttemptHome(spec).make(spec, {}));
    auto process = Subprocess::spawn(task(spec), {});
    if (!process) return std::nullopt;
    for (int i = 0; i < 200 && text(spec.directory / "stdout.log") != "up\n"; ++i)
      process->wait(Duration(50));
    kill(process->pid(), signal);
    return process->wait(std::chrono::seconds(20));
  }
};

TEST_F(BatchSignal, Usr1IsTermToTheWorkload) {
  const AttemptSpec spec = attempt("trap 'exit 5' TERM; echo up; while :; do sleep 0.05; done");
  const auto end = signalled(spec, SIGUSR1);
  ASSERT_TRUE(end);
  EXPECT_EQ(noted(spec, "code"), "5");
  EXPECT_EQ(noted(spec, "told"), "USR1");
}

TEST_F(BatchSignal, Usr2KillsWhatIgnoresTerm) {
  const AttemptSpec spec = attempt("trap '' TERM; echo up; while :; do sleep 0.05; done");
  ASSERT_TRUE(signalled(spec, SIGUSR2));
  EXPECT_EQ(noted(spec, "code"), "137");
}

TEST_F(BatchSignal, SlurmsTermIsFollowedByAKillAfterTheGrace) {
  AttemptSpec spec = attempt("trap '' TERM; echo up; while :; do sleep 0.05; done");
  spec.grace = std::chrono::seconds(1);
  ASSERT_TRUE(signalled(spec, SIGTERM));
  EXPECT_EQ(noted(spec, "code"), "137");
  EXPECT_EQ(noted(spec, "told"), "TERM");
}

}  // namespace
}  // namespace studyctl
