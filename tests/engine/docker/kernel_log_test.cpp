#include "engine/docker/kernel_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

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

}  // namespace
}  // namespace studyctl
