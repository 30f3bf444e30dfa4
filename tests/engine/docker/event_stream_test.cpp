#include "engine/docker/event_stream.h"

#include <gtest/gtest.h>

#include "io/run_until.h"
#include "io/scripted_server.h"

namespace studyctl {
namespace {

std::string line(const std::string& action, int time) {
  return R"({"Action":")" + action + R"(","Actor":{"ID":"c1","Attributes":{"name":"a1"}},"timeNano":)" +
         std::to_string(time) + "}\n";
}

class EventStreams : public ::testing::Test {
 protected:
  EventStreams() {
    Endpoint endpoint;
    endpoint.address = server_.address();
    api_.emplace(loop_, endpoint, 2);
    stream_.emplace(*api_, "studyctl.io/volume=v1",
                    EventStream::Listener{[this](const EngineEvent& event) {
                                            told_.push_back(event.action + std::to_string(event.time_nano));
                                          },
                                          [this] { ++connected_; }, [this] { ++disconnected_; }});
  }
  bool until(const std::function<bool()>& done) { return run_until(loop_, done); }

  ScriptedServer server_;
  SystemClock clock_;
  EventLoop loop_{clock_};
  std::optional<EngineApi> api_;
  std::optional<EventStream> stream_;
  std::vector<std::string> told_;
  int connected_ = 0, disconnected_ = 0;
};

// Podman 4.3 tells old events again once it rotated its file, and ends the stream.
TEST_F(EventStreams, TellsEachEventOnceAndConnectsAgain) {
  server_.once("GET *", Script().begin_stream().chunk(line("oom", 1) + line("died", 2)).end_stream());
  server_.on("GET *", Script().begin_stream().chunk(line("died", 2) + line("die", 3)).stall());
  stream_->open();
  ASSERT_TRUE(until([&] { return told_.size() == 3; }));
  EXPECT_EQ(told_, (std::vector<std::string>{"oom1", "die2", "die3"}));
  EXPECT_EQ(connected_, 2);
  EXPECT_EQ(disconnected_, 1);
}

// Podman 4.3 knows "died" where Docker knows "die", and finds nothing by a label without its value.
TEST_F(EventStreams, AsksInTheWordsOfBothEngines) {
  server_.on("GET *", Script().begin_stream().stall());
  stream_->open();
  ASSERT_TRUE(until([&] { return connected_ == 1; }));
  EXPECT_EQ(server_.count("GET /*/events?filters=" + filters({{"type", {"container"}},
                                                              {"label", {"studyctl.io/volume=v1"}},
                                                              {"event", {"die", "died", "oom", "kill"}}})),
            1);
}

}  // namespace
}  // namespace studyctl
