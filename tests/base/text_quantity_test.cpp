#include <gtest/gtest.h>

#include "base/text.h"

namespace studyctl {
namespace {

TEST(ParseBytes, ReadsKubernetesQuantities) {
  EXPECT_EQ(*parse_bytes("1073741824"), 1073741824);
  EXPECT_EQ(*parse_bytes("16Gi"), 17179869184);
  EXPECT_EQ(*parse_bytes("500M"), 500'000'000);
  EXPECT_EQ(*parse_bytes("1k"), 1000);
  EXPECT_EQ(*parse_bytes("1.5Gi"), 1610612736);
  EXPECT_EQ(*parse_bytes("1e3"), 1000);
  EXPECT_EQ(*parse_bytes("2E"), 2'000'000'000'000'000'000);
  EXPECT_EQ(*parse_bytes("0"), 0);
}

TEST(ParseBytes, RoundsUpToAWholeByte) {
  EXPECT_EQ(*parse_bytes("1.1Ki"), 1127);
}

TEST(ParseBytes, RefusesThousandthsOfAByte) {
  const Result<int64_t> bytes = parse_bytes("512m");
  ASSERT_FALSE(bytes);
  EXPECT_NE(bytes.error().message.find("Mi"), std::string::npos);
}

TEST(ParseBytes, RefusesWhatIsNoAmountOfMemory) {
  for (const char* text :
       {"", "Gi", "-1Gi", "1GB", "1 Gi", "1gi", ".", "1..5", "8Ei", "99999999999999999999", "1e99"}) {
    const Result<int64_t> bytes = parse_bytes(text);
    ASSERT_FALSE(bytes) << text;
    EXPECT_EQ(bytes.error().code, ErrorCode::Invalid);
  }
}

TEST(ParseMillicpu, ReadsKubernetesQuantities) {
  EXPECT_EQ(*parse_millicpu("4"), 4000);
  EXPECT_EQ(*parse_millicpu("500m"), 500);
  EXPECT_EQ(*parse_millicpu("0.5"), 500);
  EXPECT_EQ(*parse_millicpu("1e1"), 10000);
  EXPECT_EQ(*parse_millicpu("0.0001"), 1);
}

TEST(ParseMillicpu, RefusesWhatIsNoNumberOfCores) {
  for (const char* text : {"", "m", "-1", "4 cores", "1k", "1e99", "999999999999999999"}) {
    EXPECT_FALSE(parse_millicpu(text)) << text;
  }
}

TEST(HumanBytes, ShowsOneDecimalAboveAKibibyte) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(1536), "1.5 KiB");
  EXPECT_EQ(human_bytes(1024 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(human_bytes(INT64_MAX), "8.0 EiB");
}

}  // namespace
}  // namespace studyctl
