#include "engine/process/namespaces.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <fstream>

#include "base/fd.h"
#include "base/temporary_directory.h"
#include "engine/process/spawn.h"

namespace studyctl {
namespace {

namespace fs = std::filesystem;

class NamespacesTest : public ::testing::Test {
 protected:
  NamespacesTest() {
    start_.id = "name";
    start_.process.environment = {{"PATH", "/usr/bin:/bin"}};
    start_.out = directory_.path() / "out";
    start_.err = directory_.path() / "err";
    fs::create_directories(directory_.path() / "results");
    fs::create_directories(directory_.path() / "inputs");
    std::ofstream(directory_.path() / "inputs/a.txt") << "of a\n";
  }
  // What it printed, and its exit code.
  std::string run(const std::string& script) {
    start_.process.words = {"sh", "-c", script};
    const auto pid = spawn(start_);
    if (!pid) return pid.error().message;
    int status = 0;
    waitpid(*pid, &status, 0);
    return read_or_empty(start_.out) + std::to_string(WEXITSTATUS(status));
  }
  void mount(const fs::path& source, const std::string& target, bool is_read_only = false) {
    OwnNamespaces& own = start_.process.namespaces;
    own.has_mounts = true;
    own.mounts.push_back({Mount::Kind::Bind, directory_.path() / source, target, is_read_only, {}});
  }

  TemporaryDirectory directory_;
  ProcessStart start_;
};

TEST_F(NamespacesTest, MountsAreAtTheirTargetsAndTheMachineHasNoneOfThem) {
  mount("results", "/studyctl-results");
  mount("inputs/a.txt", "/studyctl-results/in/a.txt", true);
  mount("inputs", "/usr/share/studyctl-inputs/deep");
  start_.process.directory = "/studyctl-results";
  EXPECT_EQ(run("cat in/a.txt /usr/share/studyctl-inputs/deep/a.txt && echo made >made && pwd && "
                "ls -d /usr/share/common-licenses"),
            "of a\nof a\n/studyctl-results\n/usr/share/common-licenses\n0");
  EXPECT_EQ(read_or_empty(directory_.path() / "results/made"), "made\n");
  EXPECT_FALSE(fs::exists("/studyctl-results"));
  EXPECT_FALSE(fs::exists("/usr/share/studyctl-inputs"));
}

TEST_F(NamespacesTest, WhatIsReadOnlyAndWhatIsNobodysCannotBeWritten) {
  mount("inputs", "/studyctl-inputs", true);
  EXPECT_EQ(run("echo x >/studyctl-inputs/a.txt; echo x >/lost; cat /studyctl-inputs/a.txt"), "of a\n0");
  const std::string said = read_or_empty(start_.err);
  EXPECT_NE(said.find("/studyctl-inputs/a.txt: Read-only file system"), std::string::npos) << said;
  EXPECT_NE(said.find("/lost: Read-only file system"), std::string::npos) << said;
}

TEST_F(NamespacesTest, ATargetBehindALinkIsWhereTheLinkLeads) {
  fs::create_directory(directory_.path() / "real");
  fs::create_directory_symlink(directory_.path() / "real", directory_.path() / "link");
  mount("inputs", (directory_.path() / "link/in").string());
  EXPECT_EQ(run("cat " + (directory_.path() / "real/in/a.txt").string()), "of a\n0");
  EXPECT_TRUE(fs::is_empty(directory_.path() / "real"));
}

TEST_F(NamespacesTest, AnEmptyDirectoryInMemoryHasItsSize) {
  OwnNamespaces& own = start_.process.namespaces;
  own.has_mounts = true;
  own.mounts.push_back({Mount::Kind::Memory, "", "/scratch", false, 1 << 20});
  EXPECT_EQ(run("head -c 1000000 /dev/zero >/scratch/fits && ! head -c 3000000 /dev/zero >/scratch/full"),
            "0");
}

TEST_F(NamespacesTest, ItsProcessesAreItsOwnAndEndWithIt) {
  start_.process.namespaces.has_processes = true;
  start_.process.namespaces.has_network = true;
  EXPECT_EQ(run("sleep 600 & set -- /proc/[0-9]*; echo $#; tail -n +3 /proc/net/dev | cut -d: -f1"),
            "2\n    lo\n0");
}

TEST_F(NamespacesTest, WhatCannotBeMountedIsNamed) {
  mount("inputs", "/etc/hostname/below");
  const std::string said = run("true");
  EXPECT_NE(said.find("mount "), std::string::npos) << said;
  EXPECT_NE(said.find("Not a directory"), std::string::npos) << said;
}

TEST_F(NamespacesTest, WhetherTheyCanBeMadeIsTriedWithoutStartingAnything) {
  EXPECT_TRUE(try_namespaces({}));
  const auto let = try_namespaces({true, true, true, {}});
  EXPECT_TRUE(let) << let.error().message;
}

}  // namespace
}  // namespace studyctl
