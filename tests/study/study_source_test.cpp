#include "study/study_source.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "study/secret_sources.h"

namespace studyctl {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStudy =
    "apiVersion: studyctl.io/v1alpha1\nkind: Study\nmetadata: {name: s}\nspec:\n"
    "  sweep: {m: [a, b]}\n"
    "  execution: {timeouts: {run: 1h}}\n"
    "  template: {spec: {containers: [{image: x, command: [\"${params.m}\"]}]}}\n";

class StudySource : public testing::Test {
 protected:
  StudySource() {
    std::string name = testing::TempDir() + "source-XXXXXX";
    directory_ = mkdtemp(name.data());
  }
  ~StudySource() override { fs::remove_all(directory_); }

  std::string write(const std::string& name, const std::string& text) const {
    const fs::path path = directory_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }
  // What is wrong; empty when nothing is.
  static std::string problem(const StudyArguments& arguments) {
    const auto study = load_study(arguments);
    return study ? "" : study.error().message;
  }
  static StudyArguments file(const std::string& name) {
    StudyArguments arguments;
    arguments.file = name;
    return arguments;
  }

  fs::path directory_;
};

TEST_F(StudySource, APilotIsANumberOrWhatMatches) {
  StudyArguments arguments = file(write("study.yaml", kStudy));
  const auto pilot_by = [&](const std::string& flag) {
    arguments.pilot = flag;
    const auto study = load_study(arguments);
    EXPECT_TRUE(study) << study.error().message;
    return study ? (*study)->study().execution.pilot.value_or(Pilot{}) : Pilot{};
  };
  EXPECT_EQ(pilot_by("2").count, 2u);
  EXPECT_EQ(pilot_by("m=a").of, "m=a");
  EXPECT_EQ(pilot_by("m=a,b,m!=b").of, "m in (a,b),m!=b");
  EXPECT_EQ(pilot_by("m in (a, 'b')").of, "m in (a, 'b')");
  arguments.pilot = "m=c";
  EXPECT_EQ(problem(arguments), "spec.execution.pilot.of: no experiment matches m=c");
}

TEST_F(StudySource, TakesTheOneManifestOfADirectory) {
  write("a.yaml", kStudy);
  write("notes.txt", "x");
  EXPECT_EQ(problem(file(directory_)), "");
  write("b.json", "{}");
  EXPECT_EQ(problem(file(directory_)),
            directory_.string() + ": has several manifests (a.yaml, b.json); name one");
  fs::create_directory(directory_ / "empty");
  EXPECT_EQ(problem(file(directory_ / "empty")),
            (directory_ / "empty").string() + ": has no manifest (*.yaml, *.yml, *.json); name a file");
}

TEST_F(StudySource, ReadsAPipe) {
  const std::string path = directory_ / "pipe";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  std::thread writer([&] { std::ofstream(path) << kStudy; });
  EXPECT_EQ(problem(file(path)), "");
  writer.join();
}

TEST_F(StudySource, SaysThatAManifestIsTooLongAsOfAnyOtherProblem) {
  const std::string path = write("big.yaml", kStudy + ("# " + std::string(5 << 20, 'x')));
  EXPECT_EQ(problem(file(path)),
            path +
                ":1:1: is longer than 4.0 MiB, the most that a manifest may have; put long texts into files "
                "(fromFile)");
}

TEST_F(StudySource, SaysWhichFileOfTheManifestCannotBeRead) {
  write("in/a.txt", "a");
  const std::string path =
      write("study.yaml", kStudy + std::string("  files:\n    one: {fromFile: \"in/${params.m}.txt\"}\n"
                                               "    two: {fromFile: in}\n"));
  EXPECT_EQ(problem(file(path)), path + ":10:10: spec.files.two.fromFile: " + (directory_ / "in").string() +
                                     ": is not a regular file\n" + path + ":9:10: spec.files.one.fromFile: " +
                                     (directory_ / "in/b.txt").string() + ": No such file or directory");
  write("in/b.txt", "b");
  const auto study = load_study(file(path));
  ASSERT_FALSE(study);
}

TEST_F(StudySource, AConfigMapOfADirectoryIsAPartOfTheDesign) {
  const std::string volumes = ", volumes: [{name: c, configMap: {name: cfg}}]}}\n";
  std::string text = kStudy;
  text.replace(text.rfind("}}\n"), 3, volumes);
  StudyArguments arguments = file(write("study.yaml", text));
  EXPECT_NE(problem(arguments).find("there is no ConfigMap 'cfg'"), std::string::npos);
  arguments.config_directories = {(directory_ / "configs").string()};
  EXPECT_NE(problem(arguments).find("there is no ConfigMap 'cfg'"), std::string::npos);
  write("configs/cfg/..data/k", "not a key");
  write("configs/cfg/k", "1");
  const auto before = load_study(arguments);
  ASSERT_TRUE(before) << before.error().message;
  write("configs/cfg/k", "2");
  const auto after = load_study(arguments);
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_NE((*before)->design_hash, (*after)->design_hash);
  const auto identity = [](const LoadedStudy& study) {
    return Identifier(study.study(), study.inputs).of(study.plan->at(0)).identity;
  };
  EXPECT_NE(identity(**before), identity(**after));
  const auto again = load_applied((*after)->manifest.applied_json, (*after)->inputs, {});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ((*again)->design_hash, (*after)->design_hash);
  EXPECT_EQ(identity(**again), identity(**after));
}

TEST_F(StudySource, AConfigMapIsNoLongerThanKubernetesTakes) {
  write("configs/cfg/a", std::string(600'000, 'x'));
  EXPECT_TRUE(keys_below({(directory_ / "configs").string()}, "cfg"));
  fs::create_symlink("nowhere", directory_ / "configs/cfg/zz");
  EXPECT_TRUE(keys_below({(directory_ / "configs").string()}, "cfg"));
  write("configs/cfg/b", std::string(600'000, 'x'));
  const auto keys = keys_below({(directory_ / "configs").string()}, "cfg");
  ASSERT_FALSE(keys);
  EXPECT_EQ(keys.error().message, (directory_ / "configs/cfg").string() +
                                      ": holds more than 1 MiB, the most that Kubernetes takes");
}

TEST_F(StudySource, FlagsWinOverTheManifest) {
  StudyArguments arguments = file(write("study.yaml", kStudy));
  arguments.cycles = "3";
  arguments.engine = "podman";
  arguments.set = {"execution.retry.limit=2"};
  arguments.parameters = {"m=c"};
  const auto study = load_study(arguments);
  ASSERT_TRUE(study) << study.error().message;
  EXPECT_EQ((*study)->repetitions(), 3u);
  EXPECT_EQ((*study)->study().execution.engine, EngineKind::Podman);
  EXPECT_EQ((*study)->study().execution.retry.limit, 2);
  arguments.engine = "unix:///run/docker.sock";
  EXPECT_EQ(problem(arguments), "");
  arguments.engine = "dokcer";
  EXPECT_EQ(problem(arguments),
            "--engine: spec.execution.engine: 'dokcer' is unknown, did you mean 'docker'?");
  arguments.engine = "slurm";
  EXPECT_EQ(problem(arguments), "");
}

TEST_F(StudySource, RefusesFlagsThatSayNothing) {
  StudyArguments arguments = file(write("study.yaml", kStudy));
  arguments.set = {"execution.cycles"};
  EXPECT_EQ(problem(arguments), "--set execution.cycles: wants execution.PATH=VALUE");
  arguments.set = {"metadata.name=x"};
  EXPECT_EQ(problem(arguments),
            "--set metadata.name: sets execution.PATH=VALUE alone; --param changes the values of an axis");
  arguments.set.clear();
  arguments.parameters = {"=3"};
  EXPECT_EQ(problem(arguments), "--param =3: wants NAME=VALUE[,VALUE]");
}

}  // namespace
}  // namespace studyctl
