#include "http/event_stream.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/temporary_directory.h"
#include "store/progress_line.h"
#include "store/status_file.h"

namespace studyctl {
namespace {

class EventStreamTest : public testing::Test {
 protected:
  void write_lines(uint64_t first, uint64_t last) {
    std::ofstream file(run_.path() / "progress.jsonl", std::ios::app);
    for (uint64_t seq = first; seq <= last; ++seq) {
      ProgressLine line;
      line.seq = seq * 3;  // not every event has a line
      if (seq % 2 == 0) line.experiment = "water-0123456789abcdef" + std::string(seq % 300, 'x');
      line.cycle = 1;
      line.from = "Waiting";
      line.to = "Running";
      file << to_json_line(line);
    }
  }
  void say(RunState state, const std::string& reason) {
    Status status;
    status.study = "nmr";
    status.state = state;
    status.state_reason = reason;
    ASSERT_TRUE(StatusFile(run_.path() / "status.json", clock_).write(status));
  }
  ApiResponse follow(const std::string& after = "") {
    ApiRequest request;
    request.method = "GET";
    if (!after.empty()) request.headers["last-event-id"] = after;
    return event_stream(run_.path(), request);
  }
  // All ids until the end, or until nothing came.
  static std::vector<uint64_t> ids_of(const ApiResponse& response, std::string* all = nullptr) {
    std::vector<uint64_t> ids;
    for (auto part = response.more(); part && !part->empty(); part = response.more()) {
      if (all != nullptr) *all += *part;
      for (size_t at = part->find("id: "); at != std::string::npos; at = part->find("id: ", at + 1))
        ids.push_back(std::stoull(part->substr(at + 4)));
    }
    return ids;
  }

  SystemClock clock_;
  TemporaryDirectory run_;
};

TEST_F(EventStreamTest, TellsAllAndThenTheEnd) {
  write_lines(1, 3);
  say(RunState::Failed, "more than \"5\" failed");
  const ApiResponse response = follow();
  EXPECT_EQ(response.type, "text/event-stream");
  std::string all;
  EXPECT_EQ(ids_of(response, &all), (std::vector<uint64_t>{3, 6, 9}));
  EXPECT_NE(all.find("event: run\ndata: {"), std::string::npos);
  EXPECT_NE(all.find("event: repetition\ndata: {"), std::string::npos);
  EXPECT_TRUE(
      all.ends_with("event: end\ndata: {\"reason\":\"more than \\\"5\\\" failed\",\"state\":\"Failed\"}\n\n"))
      << all;
  EXPECT_FALSE(response.more());
}

TEST_F(EventStreamTest, GoesOnBehindAnyEventWithoutAGap) {
  write_lines(1, 2000);
  say(RunState::Completed, "");
  for (const uint64_t after : {1, 2, 3, 4, 299, 300, 301, 4444, 5996, 5999}) {
    const std::vector<uint64_t> ids = ids_of(follow(std::to_string(after)));
    ASSERT_EQ(ids.size(), 2000 - after / 3) << after;
    EXPECT_EQ(ids.front(), after / 3 * 3 + 3) << after;
    EXPECT_EQ(ids.back(), 6000u);
  }
}

TEST_F(EventStreamTest, WhoHasAllOfAnEndedRunIsToldNotToComeAgain) {
  write_lines(1, 3);
  say(RunState::Running, "");
  EXPECT_EQ(follow("9").status, 200);
  say(RunState::Completed, "");
  EXPECT_EQ(follow("9").status, 204);
  EXPECT_EQ(follow("6").status, 200);
}

TEST_F(EventStreamTest, TellsWhatComesLaterAndNoHalfOfALine) {
  write_lines(1, 1);
  say(RunState::Running, "");
  const ApiResponse response = follow("3");
  std::ofstream(run_.path() / "progress.jsonl", std::ios::app) << R"({"seq":6,"at")";
  EXPECT_EQ(response.more(), "");
  std::filesystem::remove(run_.path() / "progress.jsonl");
  write_lines(1, 2);
  EXPECT_EQ(ids_of(follow("3")), (std::vector<uint64_t>{6}));
}

TEST_F(EventStreamTest, WhatIsNoIdIsRefused) {
  write_lines(1, 1);
  for (const char* bad : {"x", "-1", "1x", "99999999999999999999"}) EXPECT_EQ(follow(bad).status, 400) << bad;
}

TEST_F(EventStreamTest, ARunThatHasNotBegunIsNotFollowed) {
  EXPECT_EQ(follow().status, 503);
}

}  // namespace
}  // namespace studyctl
