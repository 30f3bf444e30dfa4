#include <gtest/gtest.h>

#include <fstream>

#include "cli/applied_study.h"
#include "cli/doctor_checks.h"
#include "store/trash.h"

namespace studyctl {
namespace {

namespace fs = std::filesystem;

// A machine made of files.
class DoctorTest : public testing::Test {
 protected:
  DoctorTest() {
    places_.proc = home_.path() / "proc";
    places_.sys = home_.path() / "sys";
    places_.etc = home_.path() / "etc";
    places_.cdi = {home_.path() / "cdi"};
    places_.lease_directory = home_.path() / "leases";
    places_.programs = {home_.path() / "bin"};
  }
  void write(const std::string& name, const std::string& text) {
    const fs::path path = home_.path() / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text << "\n";
  }
  void install(const std::string& program) {
    write("bin/" + program, "");
    fs::permissions(home_.path() / "bin" / program, fs::perms::owner_all);
  }
  static std::string text_of(const std::vector<Finding>& findings) {
    std::string text;
    for (const Finding& finding : findings) text += finding.text + " → " + finding.advice + "\n";
    return text;
  }
  static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  TemporaryDirectory home_;
  MachinePlaces places_;
};

TEST_F(DoctorTest, CgroupsWithoutMemorySayWhatHasNoEffect) {
  write("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io pids");
  EXPECT_TRUE(has(text_of(check_machine(places_)), "without memory"));
  write("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids");
  EXPECT_FALSE(has(text_of(check_machine(places_)), "without memory"));
}

TEST_F(DoctorTest, AMachineWithoutCardsHasNoGpus) {
  const auto findings = check_devices(places_, {});
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].kind, Finding::Kind::Good);
}

TEST_F(DoctorTest, ACardWithoutItsDriverIsTold) {
  write("sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de");
  write("sys/bus/pci/devices/0000:01:00.0/class", "0x030200");
  write("sys/bus/pci/devices/0000:01:00.1/vendor", "0x10de");
  write("sys/bus/pci/devices/0000:01:00.1/class", "0x040300");
  EXPECT_TRUE(has(text_of(check_devices(places_, {})), "1 NVIDIA card, but their driver is not loaded"));
}

TEST_F(DoctorTest, PodmanWantsACdiSpecificationForGpus) {
  write("proc/driver/nvidia/version", "550");
  install("podman");
  EXPECT_TRUE(has(text_of(check_devices(places_, {{"nvidia.com/gpu", 2}})), "nvidia-ctk cdi generate"));
  write("cdi/nvidia.yaml", "kind: nvidia.com/gpu");
  const std::string text = text_of(check_devices(places_, {{"nvidia.com/gpu", 2}}));
  EXPECT_TRUE(has(text, "2 NVIDIA GPUs can be leased")) << text;
  EXPECT_FALSE(has(text, "nvidia-ctk")) << text;
}

// A variable of the environment for as long as this lives.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) { setenv(name, value.c_str(), 1); }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

TEST_F(DoctorTest, AnEngineThatIsNamedAndDoesNotAnswerIsMissingAndNoOtherIsLookedFor) {
  const Variable host("DOCKER_HOST", "unix://" + (home_.path() / "nobody.sock").string());
  std::map<std::string, int> usable;
  const auto findings = check_engines(places_, usable);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].kind, Finding::Kind::Missing);
  EXPECT_TRUE(has(findings[0].text, "nobody.sock")) << findings[0].text;
  EXPECT_TRUE(has(findings[0].advice, "unset DOCKER_HOST")) << findings[0].advice;
}

TEST_F(DoctorTest, AVolumeThatIsNotThereYetIsNoFault) {
  const fs::path results = home_.path() / "results";
  for (const Finding& finding : check_volume(ResultsVolume::find(results), results, {}))
    EXPECT_NE(finding.kind, Finding::Kind::Missing) << finding.text;
}

TEST_F(DoctorTest, ARunThatNobodyDrivesIsTold) {
  AppliedStudy study(home_.path() / "results");
  const std::string text = text_of(check_volume(study.volume(), study.volume().root(), {}));
  EXPECT_TRUE(has(text, "studyctl resume nmr")) << text;
}

TEST_F(DoctorTest, ARunWhoseDirectoryIsGoneIsTold) {
  AppliedStudy study(home_.path() / "results");
  fs::remove_all(study.directory().path());
  const std::string text = text_of(check_volume(study.volume(), study.volume().root(), {}));
  EXPECT_TRUE(has(text, "studyctl delete run nmr/2026-11-22_00-00-00")) << text;
}

TEST_F(DoctorTest, ACopiedRunIsTakenInByRebuild) {
  AppliedStudy study(home_.path() / "results");
  study.succeed(attempt_of(0));
  const fs::path elsewhere = home_.path() / "elsewhere";
  fs::create_directories(elsewhere);
  fs::copy(study.volume().root() / "nmr", elsewhere / "nmr",
           fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  const Said said = type(elsewhere, {"doctor", "--rebuild"});
  ASSERT_EQ(said.code, 0) << said.err;
  EXPECT_TRUE(has(said.out, "made again from 1 run")) << said.out;
  EXPECT_EQ(type(elsewhere, {"get", "repetitions", "-o", "name"}).out, study.id(0) + "\n");
}

TEST_F(DoctorTest, NothingIsRebuiltWhileSomebodyHoldsTheVolume) {
  AppliedStudy study(home_.path() / "results");
  const auto lock = study.volume().lock({1, "box", false, {{"nmr", study.run_id()}}});
  ASSERT_TRUE(lock);
  EXPECT_EQ(type(study.volume().root(), {"doctor", "--rebuild"}).code, 6);
}

TEST_F(DoctorTest, WhatAnInterruptedDeleteLeftIsTidiedUp) {
  AppliedStudy study(home_.path() / "results");
  fs::create_directories(home_.path() / "results/nmr/half");
  ASSERT_TRUE(move_to_trash(study.volume(), home_.path() / "results/nmr/half"));
  EXPECT_TRUE(has(text_of(check_volume(study.volume(), study.volume().root(), {})), "doctor --tidy"));
  EXPECT_EQ(type(study.volume().root(), {"doctor", "--tidy"}).code, 0);
  EXPECT_FALSE(has_trash(study.volume()));
}

}  // namespace
}  // namespace studyctl
