#include "engine/kubernetes/cluster_warnings.h"

#include <gtest/gtest.h>

#include "engine/kubernetes/lab_on.h"
#include "io/fake_clock.h"
#include "io/run_until.h"

namespace studyctl {
namespace {

using std::chrono::seconds;

constexpr char kList[] = "GET /api/v1/namespaces/lab/events?*";

std::string event(const std::string& name, const std::string& message, const std::string& at) {
  return R"({"type":"Warning","involvedObject":{"name":")" + name +
         R"("},"reason":"FailedMount","message":")" + message + R"(","lastTimestamp":")" + at + R"("})";
}
std::string list_of(const std::string& items, const std::string& next = "") {
  return R"({"metadata":{"continue":")" + next + R"("},"items":[)" + items + "]}";
}

class ClusterWarningsTest : public testing::Test {
 protected:
  ClusterWarningsTest() : api_(loop_, lab_on(server_)) {
    server_.on(kList, Script().answer(200, list_of(event("a", "no disk", "2026-11-22T00:00:02Z"))));
  }
  ClusterWarnings::Token ask(const std::string& name) {
    return warnings_.ask(name, [this, name](const ClusterWarning& warning) {
      heard_.push_back(name + ": " + warning.message);
    });
  }
  bool until_heard(size_t count) {
    return run_until(loop_, [&] { return heard_.size() >= count; });
  }
  void settle() {
    for (int turn = 0; turn < 8; ++turn) loop_.run_once(Duration(3));
  }
  int lists() { return server_.count(kList); }

  ScriptedServer server_;
  FakeClock clock_;
  EventLoop loop_{clock_};
  ClusterApi api_;
  ClusterWarnings warnings_{api_};
  std::vector<std::string> heard_;
};

TEST_F(ClusterWarningsTest, OneListIsForAllWhoWait) {
  for (const char* name : {"a", "b", "c"}) ask(name);
  ASSERT_TRUE(until_heard(3));
  EXPECT_EQ(heard_, (std::vector<std::string>{"a: no disk", "b: ", "c: "}));
  EXPECT_EQ(lists(), 1);
  EXPECT_EQ(server_.count("GET *fieldSelector=type%3DWarning*"), 1) << "what went well is not asked for";
}

TEST_F(ClusterWarningsTest, TheNextOneIsAskedForAfterARestAndOnlyIfSomebodyWaits) {
  ask("a");
  ASSERT_TRUE(until_heard(1));
  clock_.advance(seconds(60));
  settle();
  EXPECT_EQ(lists(), 1);
  ask("a");
  ASSERT_TRUE(until_heard(2));
  ask("a");
  settle();
  clock_.advance(seconds(4));
  settle();
  EXPECT_EQ(lists(), 2);
  clock_.advance(seconds(1));
  ASSERT_TRUE(until_heard(3));
  EXPECT_EQ(lists(), 3);
}

TEST_F(ClusterWarningsTest, TheNewestOfAllPagesCounts) {
  server_.once(kList, Script().answer(200, list_of(event("a", "second", "2026-11-22T00:00:02Z") + "," +
                                                       event("a", "first", "2026-11-22T00:00:01Z"),
                                                   "more")));
  server_.once("GET *continue=more*",
               Script().answer(200, list_of(event("a", "third", "2026-11-22T00:00:03Z"))));
  ask("a");
  ASSERT_TRUE(until_heard(1));
  EXPECT_EQ(heard_.front(), "a: third");
}

TEST_F(ClusterWarningsTest, WhoDropsItHearsNothing) {
  const auto token = ask("a");
  ask("b");
  warnings_.drop(token);
  ASSERT_TRUE(until_heard(1));
  settle();
  EXPECT_EQ(heard_, std::vector<std::string>{"b: "});
}

TEST_F(ClusterWarningsTest, WhoAsksWhileOneHearsIsToldByTheNext) {
  warnings_.ask("a", [this](const ClusterWarning&) {
    heard_.emplace_back("first");
    ask("a");
  });
  ASSERT_TRUE(until_heard(1));
  settle();
  EXPECT_EQ(lists(), 1);
  clock_.advance(seconds(5));
  ASSERT_TRUE(until_heard(2));
  EXPECT_EQ(lists(), 2);
}

TEST_F(ClusterWarningsTest, WhoMaySeeNoEventsHearsNothingOfThem) {
  server_.on(kList, Script().answer(403, "{}"));
  ask("a");
  ASSERT_TRUE(until_heard(1));
  EXPECT_EQ(heard_.front(), "a: ");
}

TEST(ClusterWarnings, EventsAreDatedByWhicheverTimeTheyHave) {
  const auto page = parse_warnings(R"({"items":[
    {"type":"Warning","involvedObject":{"name":"a"},"reason":"R","message":"m","lastTimestamp":null,
     "eventTime":"2026-11-22T00:00:01.000000Z","series":{"lastObservedTime":"2026-11-22T00:00:09.000000Z"}},
    {"type":"Warning","involvedObject":{"name":"b"},"metadata":{"creationTimestamp":"2026-11-22T00:00:03Z"}},
    {"type":"Normal","involvedObject":{"name":"c"}}]})");
  ASSERT_EQ(page.warnings.size(), 2u);
  EXPECT_EQ(page.warnings[0].warning.at, "2026-11-22T00:00:09.000000Z");
  EXPECT_EQ(page.warnings[1].warning.at, "2026-11-22T00:00:03Z");
  EXPECT_TRUE(parse_warnings("no JSON").warnings.empty());
}

}  // namespace
}  // namespace studyctl
