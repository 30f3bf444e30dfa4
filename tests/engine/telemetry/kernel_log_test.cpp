#include "engine/telemetry/kernel_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/temporary_directory.h"

namespace studyctl {
namespace {

const std::string kId(64, 'a');

std::string record(const std::string& cgroup) {
  return "6,1234,5678,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,oom_"
         "memcg=" +
         cgroup + ",task_memcg=" + cgroup + ",task=python,pid=99,uid=0";
}

TEST(OomContainer, IsFoundInEachFormOfPath) {
  for (const std::string& path :
       {"/docker/" + kId, "/libpod_parent/libpod-" + kId, "/system.slice/docker-" + kId + ".scope",
        "/machine.slice/libpod-" + kId + ".scope/container"}) {
    EXPECT_EQ(oom_container(record(path)), kId) << path;
  }
}

TEST(OomContainer, IsNotFoundElsewhere) {
  EXPECT_FALSE(oom_container(record("/user.slice")));
  EXPECT_FALSE(
      oom_container("6,1,2,-;oom-kill:constraint=CONSTRAINT_NONE,global_oom,task_memcg=/docker/" + kId));
  EXPECT_FALSE(oom_container("6,1,2,-;eth0: link up /docker/" + kId));
}

TEST(KernelLog, RemembersWhatItWasToldBeforeItIsAsked) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "kmsg";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const Fd writer(open(path.c_str(), O_RDWR | O_CLOEXEC));
  KernelLog log(path);
  ASSERT_TRUE(log.is_readable());
  EXPECT_FALSE(log.killed_in(kId));
  ASSERT_TRUE(write_all(writer.get(), record("/docker/" + kId)));
  EXPECT_TRUE(log.killed_in(kId));
  EXPECT_FALSE(log.killed_in(std::string(64, 'b')));
}

TEST(KernelLog, KnowsNothingWhereItMayNotRead) {
  KernelLog log("/nowhere/kmsg");
  EXPECT_FALSE(log.is_readable());
  EXPECT_FALSE(log.killed_in(kId));
}

TEST(KernelLog, ReadsWhatNvidiasDriverReports) {
  const Instant booted{std::chrono::hours(1)};
  const auto xid = xid_in(
      "4,1187,74889644138,-;NVRM: Xid (PCI:0000:02:00): 79, pid=1234, name=python, GPU has fallen off the "
      "bus.\n "
      "SUBSYSTEM=pci\n",
      booted);
  ASSERT_TRUE(xid);
  EXPECT_EQ(xid->pci, "0000:02:00");
  EXPECT_EQ(xid->number, 79);
  EXPECT_TRUE(xid->is_loss());
  EXPECT_FALSE(xid->may_be_the_programs());
  EXPECT_EQ(xid->text, "Xid 79, pid=1234, name=python, GPU has fallen off the bus.");
  EXPECT_EQ(xid->at, booted + std::chrono::milliseconds(74889644));
  EXPECT_TRUE(
      xid_in("3,1,2,-;NVRM: Xid (PCI:0000:65:00): 31, pid=7, MMU Fault", booted)->may_be_the_programs());
  EXPECT_FALSE(xid_in("6,1,2,-;NVRM: loading NVIDIA UNIX Open Kernel Module", booted));
  EXPECT_FALSE(xid_in("6,1,2,-;NVRM: Xid (PCI:0000:65:00", booted));
}

TEST(KernelLog, KnowsTheGravestReportOfADeviceSinceAnInstant) {
  TemporaryDirectory directory;
  const auto file = directory.path() / "kmsg";
  std::ofstream(file) << "4,1,1000000,-;NVRM: Xid (PCI:0000:02:00): 48, DBE\n";
  KernelLog log(file);
  EXPECT_TRUE(log.xid_of("0000:02:00", Instant{}));
  EXPECT_FALSE(log.xid_of("0000:03:00", Instant{}));
  EXPECT_FALSE(log.xid_of(
      "0000:02:00",
      std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()) + std::chrono::hours(1)));
}

}  // namespace
}  // namespace studyctl
