#include "io/multiplexed_log.h"

#include <gtest/gtest.h>

#include <string>

namespace studyctl {
namespace {

std::string frame(int stream, const std::string& payload) {
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(stream);
  for (size_t i = 0; i < 4; ++i) bytes[4 + i] = static_cast<char>(payload.size() >> (8 * (3 - i)) & 0xff);
  return bytes + payload;
}

struct Streams {
  std::string out, err, order;
  MultiplexedLog::Payload take = [this](LogStream stream, std::string_view bytes) {
    (stream == LogStream::Stdout ? out : err) += bytes;
    const char name = stream == LogStream::Stdout ? 'o' : 'e';
    if (order.empty() || order.back() != name) order += name;
  };
};

TEST(MultiplexedLog, GivesTheSameStreamsHoweverTheBytesAreSplit) {
  const std::string bytes =
      frame(1, "out\n") + frame(2, "err\n") + frame(1, "") + frame(0, std::string(300, 'x'));
  for (size_t size = 1; size <= bytes.size(); ++size) {
    MultiplexedLog log;
    Streams streams;
    for (size_t at = 0; at < bytes.size(); at += size) {
      ASSERT_TRUE(log.feed(std::string_view(bytes).substr(at, size), streams.take));
    }
    EXPECT_EQ(streams.out, "out\n" + std::string(300, 'x'));
    EXPECT_EQ(streams.err, "err\n");
    EXPECT_EQ(streams.order, "oeo");
    EXPECT_TRUE(log.is_between_frames());
  }
}

TEST(MultiplexedLog, HoldsNoPayloadBack) {
  MultiplexedLog log;
  Streams streams;
  const std::string whole = frame(1, "begun and ended");
  ASSERT_TRUE(log.feed(whole.substr(0, 13), streams.take));
  EXPECT_EQ(streams.out, "begun");
  EXPECT_FALSE(log.is_between_frames());
  ASSERT_TRUE(log.feed(whole.substr(13), streams.take));
  EXPECT_EQ(streams.out, "begun and ended");
}

TEST(MultiplexedLog, AHeaderThatIsCutIsNotBetweenFrames) {
  MultiplexedLog log;
  Streams streams;
  EXPECT_TRUE(log.is_between_frames());
  ASSERT_TRUE(log.feed(frame(1, "x").substr(0, 3), streams.take));
  EXPECT_FALSE(log.is_between_frames());
}

TEST(MultiplexedLog, ReadsALengthOfFourBytes) {
  MultiplexedLog log;
  Streams streams;
  const std::string header("\x02\x00\x00\x00\x01\x02\x03\x04", 8);
  ASSERT_TRUE(log.feed(header, streams.take));
  std::string payload;
  payload.resize(0x01020304, 'y');
  ASSERT_TRUE(log.feed(payload, streams.take));
  EXPECT_EQ(streams.err.size(), payload.size());
  EXPECT_TRUE(log.is_between_frames());
}

TEST(MultiplexedLog, BytesThatAreNoFramesAreAnErrorThatStays) {
  for (const std::string& bytes :
       {std::string("plain text of a terminal"), std::string("\x01\x00\x00\x01\0\0\0\0", 8),
        std::string("\x04\x00\x00\x00\0\0\0\1x", 9)}) {
    MultiplexedLog log;
    Streams streams;
    ASSERT_TRUE(log.feed(frame(1, "before"), streams.take));
    const auto fed = log.feed(bytes, streams.take);
    ASSERT_FALSE(fed);
    EXPECT_EQ(fed.error().code, ErrorCode::Internal);
    EXPECT_FALSE(log.feed(frame(1, "after"), streams.take));
    EXPECT_EQ(streams.out, "before");
    EXPECT_EQ(streams.err, "");
  }
}

TEST(MultiplexedLog, AnErrorOfTheEngineIsNotTakenForOutput) {
  MultiplexedLog log;
  Streams streams;
  const std::string bytes = frame(3, "Error grabbing logs: unexpected EOF\n");
  ASSERT_TRUE(log.feed(bytes.substr(0, 20), streams.take));
  const auto fed = log.feed(bytes.substr(20), streams.take);
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().code, ErrorCode::Unavailable);
  EXPECT_EQ(fed.error().message, "the engine's log: Error grabbing logs: unexpected EOF");
  EXPECT_EQ(streams.order, "");
}

}  // namespace
}  // namespace studyctl
