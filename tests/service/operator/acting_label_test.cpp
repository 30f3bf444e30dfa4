#include "service/operator/acting_label.h"

#include <gtest/gtest.h>

#include "engine/kubernetes/lab_on.h"
#include "io/fake_clock.h"
#include "io/run_until.h"

namespace studyctl {
namespace {

constexpr char kPatch[] = "PATCH /api/v1/namespaces/lab/pods/lab-0";

class ActingLabelTest : public testing::Test {
 protected:
  ActingLabelTest() : api_(loop_, lab_on(server_)) {
    server_.on(kPatch, [this](const WireRequest& request) {
      const std::lock_guard lock(mutex_);
      asked_.push_back(request.body);
      return Script().answer(status_, "{}");
    });
  }

  void answer_with(int status) {
    const std::lock_guard lock(mutex_);
    status_ = status;
  }
  std::vector<std::string> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  bool until_said() {
    return run_until(loop_, [&] { return label_.is_said(); });
  }
  bool until_asked(size_t times) {
    return run_until(loop_, [&] { return asked().size() >= times; });
  }

  ScriptedServer server_;
  std::mutex mutex_;
  std::vector<std::string> asked_;
  int status_ = 200;
  FakeClock clock_;
  EventLoop loop_{clock_};
  ClusterApi api_;
  ActingLabel label_{api_, "lab-0"};
};

const std::string kActs = R"({"metadata":{"labels":{"studyctl.io/acts":"true"}}})";
const std::string kActsNot = R"({"metadata":{"labels":{"studyctl.io/acts":null}}})";

TEST_F(ActingLabelTest, WhatAnEarlierProcessOfThePodLeftIsTakenAway) {
  label_.say(false);
  EXPECT_FALSE(label_.is_said());
  ASSERT_TRUE(until_said());
  EXPECT_EQ(asked(), std::vector<std::string>{kActsNot});
}

TEST_F(ActingLabelTest, IsAskedForOnceAndAgainWhenItChanges) {
  label_.say(true);
  ASSERT_TRUE(until_said());
  label_.say(true);
  EXPECT_TRUE(label_.is_said());
  label_.say(false);
  EXPECT_FALSE(label_.is_said());
  ASSERT_TRUE(until_said());
  EXPECT_EQ(asked(), (std::vector<std::string>{kActs, kActsNot}));
}

TEST_F(ActingLabelTest, WhatIsSaidLastIsHeardLast) {
  label_.say(false);
  label_.say(true);
  ASSERT_TRUE(until_said());
  EXPECT_EQ(asked(), (std::vector<std::string>{kActsNot, kActs}));
}

TEST_F(ActingLabelTest, IsSaidOnceTheClusterAllowsIt) {
  answer_with(403);
  label_.say(true);
  ASSERT_TRUE(until_asked(1));
  EXPECT_FALSE(label_.is_said());
  answer_with(200);
  clock_.advance(std::chrono::minutes(1));
  ASSERT_TRUE(until_said());
}

TEST_F(ActingLabelTest, APodThatIsNotThereIsAskedForAgain) {
  answer_with(404);
  label_.say(true);
  ASSERT_TRUE(until_asked(1));
  ASSERT_TRUE(run_until(loop_, [&] {
    clock_.advance(std::chrono::seconds(1));
    return asked().size() >= 2;
  }));
  EXPECT_FALSE(label_.is_said());
}

}  // namespace
}  // namespace studyctl
