#include <gtest/gtest.h>

#include "engine/process/supervised.h"

namespace studyctl {
namespace {

TEST(SupervisedJsonTest, AnOrderArrivesAsItWasSent) {
  ProcessOrder order{ProcessOrder::Kind::Start, "a-1"};
  order.start = {"a-1", "run", {{"sh", "-c", "echo \"x\"\n"}, {{"A", "1"}, {"B", ""}}, "/v"}, "/o", "/e"};
  order.start.cpus = {1, 3};
  order.start.user = 1000;
  order.start.limits = {1 << 20, 500, {}};
  order.start.devices = {"nvidia.com/gpu=0"};
  order.start.lease = "/run/leases/a-1";
  order.start.process.namespaces = {true, false, true, {{Mount::Kind::Memory, "", "/m", false, 1 << 20}}};
  const auto read = parse_order(line_of(order));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->kind, ProcessOrder::Kind::Start);
  EXPECT_EQ(read->start.id, "a-1");
  EXPECT_EQ(read->start.run, "run");
  EXPECT_EQ(read->start.process.words, order.start.process.words);
  EXPECT_EQ(read->start.process.environment, order.start.process.environment);
  EXPECT_EQ(read->start.process.directory, "/v");
  EXPECT_EQ(read->start.out, "/o");
  EXPECT_EQ(read->start.err, "/e");
  EXPECT_EQ(read->start.cpus, (std::vector<int>{1, 3}));
  EXPECT_EQ(read->start.user, 1000);
  EXPECT_FALSE(read->start.group);
  EXPECT_EQ(read->start.limits, order.start.limits);
  EXPECT_EQ(read->start.devices, order.start.devices);
  EXPECT_EQ(read->start.lease, "/run/leases/a-1");
  const OwnNamespaces& own = read->start.process.namespaces;
  EXPECT_TRUE(own.has_mounts && !own.has_processes && own.has_network);
  ASSERT_EQ(own.mounts.size(), 1u);
  EXPECT_EQ(own.mounts[0].kind, Mount::Kind::Memory);
  EXPECT_EQ(own.mounts[0].target, "/m");
  EXPECT_EQ(own.mounts[0].size_limit, 1 << 20);
}

TEST(SupervisedJsonTest, BytesThatAreNoTextArriveToo) {
  std::string bytes;
  for (int byte = 1; byte < 256; ++byte) bytes += static_cast<char>(byte);
  ProcessOrder order{ProcessOrder::Kind::Start, "a"};
  order.start.process = {{bytes}, {{"KEY", bytes}}, bytes};
  const std::string line = line_of(order);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto read = parse_order(line);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->start.process.words.front(), bytes);
  EXPECT_EQ(read->start.process.environment.front().second, bytes);
  EXPECT_EQ(read->start.process.directory, bytes);
}

TEST(SupervisedJsonTest, NewsOfAnEndTellHowItEnded) {
  ProcessNews news{ProcessNews::Kind::Ended, {"a", "run", 12, Instant(Duration(1000)), {}}};
  news.process.devices = {"nvidia.com/gpu=0"};
  news.process.end = SupervisedEnd{false, 137, 9, Instant(Duration(2500)), 2, 1.5, uint64_t{1} << 30};
  const auto read = parse_news(line_of(news));
  ASSERT_TRUE(read && read->process.end);
  EXPECT_EQ(read->kind, ProcessNews::Kind::Ended);
  EXPECT_EQ(read->process.pid, 12);
  EXPECT_EQ(read->process.started_at, Instant(Duration(1000)));
  EXPECT_FALSE(read->process.end->is_known);
  EXPECT_EQ(read->process.end->exit_code, 137);
  EXPECT_EQ(read->process.end->signal, 9);
  EXPECT_EQ(read->process.end->oom_kills, 2u);
  EXPECT_EQ(read->process.end->cpu_seconds, 1.5);
  EXPECT_EQ(read->process.end->memory_peak, uint64_t{1} << 30);
  EXPECT_EQ(read->process.devices, std::vector<std::string>{"nvidia.com/gpu=0"});
  EXPECT_EQ(read->process.end->at, Instant(Duration(2500)));
}

TEST(SupervisedJsonTest, WhatIsNoLineOfOursIsRefused) {
  for (const char* line :
       {"", "{", "[]", "{}", R"({"kind":"dance","id":"a"})", R"({"kind":"stop","id":"a"})"})
    EXPECT_FALSE(parse_order(line)) << line;
  for (const char* line : {"", "null", R"({"kind":"running"})", R"({"kind":"running","process":{"id":1}})"})
    EXPECT_FALSE(parse_news(line)) << line;
}

}  // namespace
}  // namespace studyctl
