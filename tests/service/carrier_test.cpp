#include "service/carrier.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace studyctl {
namespace {

using std::chrono::seconds;

const Instant kNow = *parse_instant("2026-11-22T12:00:00.000Z");

Delivery answered(int status, const std::string& retry_after = "") {
  HttpResponse response;
  response.status = status;
  if (!retry_after.empty()) response.headers.emplace_back("retry-after", retry_after);
  return delivery_of(response, kNow);
}

TEST(Delivery, WhatIsAnsweredWithSuccessIsTaken) {
  for (const int status : {200, 202, 204}) EXPECT_EQ(answered(status).kind, Delivery::Kind::Taken);
}

TEST(Delivery, EverythingElseIsTriedAgainButGone) {
  for (const int status : {302, 400, 404, 429, 500, 503})
    EXPECT_EQ(answered(status).kind, Delivery::Kind::Failed) << status;
  EXPECT_EQ(answered(410).kind, Delivery::Kind::Gone);
}

TEST(Delivery, ARedirectIsNotFollowedAndSaysSo) {
  EXPECT_EQ(answered(307).error, "answered 307; redirects are not followed");
}

TEST(Delivery, RetryAfterIsSecondsOrADate) {
  EXPECT_EQ(answered(503, "120").asked_for, seconds(120));
  EXPECT_EQ(answered(503, "Sun, 22 Nov 2026 12:01:00 GMT").asked_for, seconds(60));
  EXPECT_EQ(answered(503, "Sun, 22 Nov 2026 11:00:00 GMT").asked_for, seconds(0));
  EXPECT_EQ(answered(503).asked_for, std::nullopt);
}

TEST(Delivery, ARetryAfterThatIsNeitherIsNone) {
  for (const char* text : {"soon", "-5", "12 apples", "Sun, 22 Nov"})
    EXPECT_EQ(answered(503, text).asked_for, std::nullopt) << text;
  EXPECT_LE(answered(503, "9223372036854775807").asked_for.value(), std::chrono::hours(24 * 365));
}

}  // namespace
}  // namespace studyctl
