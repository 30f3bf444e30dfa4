#include <gtest/gtest.h>

#include "base/text.h"

namespace studyctl {
namespace {

using namespace std::chrono_literals;

TEST(ParseDuration, ReadsEachUnitAndTheirSums) {
  EXPECT_EQ(*parse_duration("250ms"), 250ms);
  EXPECT_EQ(*parse_duration("10s"), 10s);
  EXPECT_EQ(*parse_duration("5m"), 5min);
  EXPECT_EQ(*parse_duration("2h"), 2h);
  EXPECT_EQ(*parse_duration("7d"), 168h);
  EXPECT_EQ(*parse_duration("1h30m"), 90min);
  EXPECT_EQ(*parse_duration("1m1ms"), 60001ms);
  EXPECT_EQ(*parse_duration("0s"), 0ms);
}

TEST(ParseDuration, SaysWhatIsWrong) {
  for (const char* text :
       {"", "10", "s", "-5s", "1.5h", "5 m", "5x", "1h30", "+5s", " 5s", "9999999999999999999s"}) {
    const Result<Duration> duration = parse_duration(text);
    ASSERT_FALSE(duration) << text;
    EXPECT_EQ(duration.error().code, ErrorCode::Invalid);
    EXPECT_NE(duration.error().message.find("1h30m"), std::string::npos) << duration.error().message;
  }
}

TEST(ParseDuration, EndsAtAHundredYears) {
  EXPECT_TRUE(parse_duration("36500d"));
  EXPECT_FALSE(parse_duration("36501d"));
  EXPECT_FALSE(parse_duration("36500d1ms"));
  EXPECT_FALSE(parse_duration("999999999999999999d"));
}

TEST(FormatDuration, ReadsBackAsTheSame) {
  EXPECT_EQ(format_duration(90min), "1h30m");
  EXPECT_EQ(format_duration(250ms), "250ms");
  EXPECT_EQ(format_duration(0ms), "0s");
  for (const Duration duration : {Duration(1ms), Duration(61001ms), Duration(25h), Duration(86399999ms)}) {
    EXPECT_EQ(*parse_duration(format_duration(duration)), duration);
  }
}

TEST(HumanDuration, HasTwoUnitsAtMost) {
  EXPECT_EQ(human_duration(52h + 3min), "2d 4h");
  EXPECT_EQ(human_duration(200s), "3m 20s");
  EXPECT_EQ(human_duration(400ms), "0.4s");
  EXPECT_EQ(human_duration(0ms), "0s");
  EXPECT_EQ(human_duration(9949ms), "9.9s");
  EXPECT_EQ(human_duration(9950ms), "10s");
  EXPECT_EQ(human_duration(59600ms), "1m");
  EXPECT_EQ(human_duration(24h), "1d");
  EXPECT_EQ(human_duration(-5s), "-5s");
}

TEST(FormatInstant, IsUtcWithMilliseconds) {
  EXPECT_EQ(format_instant(Instant(0ms)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_instant(Instant(-1ms)), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_instant(*parse_instant("2026-11-22T14:30:05.123Z")), "2026-11-22T14:30:05.123Z");
}

TEST(ParseInstant, ReadsWhatEnginesWrite) {
  const Instant instant = *parse_instant("2026-11-22T14:30:05.123Z");
  EXPECT_EQ(*parse_instant("2026-11-22T14:30:05.123456789Z"), instant);
  EXPECT_EQ(*parse_instant("2026-11-22T15:30:05.123+01:00"), instant);
  EXPECT_EQ(*parse_instant("2026-11-22T14:00:05.123-00:30"), instant);
  EXPECT_EQ(*parse_instant("2026-11-22T14:30:05.1Z"), instant - 23ms);
  EXPECT_TRUE(parse_instant("0001-01-01T00:00:00Z"));
}

TEST(ParseInstant, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "2026-11-22", "2026-02-30T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T14:30:05",
        "2026-11-22T14:30:05.Z", "2026-11-22T14:30:05Zx", "2026-11-22 14:30:05Z"}) {
    EXPECT_FALSE(parse_instant(text)) << text;
  }
}

}  // namespace
}  // namespace studyctl
