#include "study/message_format.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/text.h"

namespace studyctl {
namespace {

using nlohmann::json;

Message message_of(const std::string& occasion, const std::string& data) {
  Message message;
  message.id = "0f8fad5b-7-ops-completed";
  message.study = "nmr";
  message.run = "nmr/2026-11-22_14-30-05";
  message.occasion = occasion;
  message.at = *parse_instant("2026-11-22T14:33:25.000Z");
  message.data = data;
  return message;
}

Message completed() {
  return message_of(
      "Completed",
      R"({"study":"nmr","state":"Completed","total":12,"succeeded":12,"failed":0,"seconds":200.0})");
}

// The vector of the Standard Webhooks libraries.
TEST(MessageFormat, SignsAsStandardWebhooksDoes) {
  const auto headers =
      webhook_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", Instant(std::chrono::seconds(1614265330)),
                      R"({"test": 2432232314})", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  const std::vector<std::pair<std::string, std::string>> wanted = {
      {"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
      {"webhook-timestamp", "1614265330"},
      {"webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}};
  EXPECT_EQ(headers, wanted);
}

TEST(MessageFormat, ASecretThatIsNotEncodedIsTheKeyItself) {
  const auto headers = webhook_headers("i", Instant(std::chrono::seconds(1)), "body", "key\n");
  EXPECT_EQ(headers.at(2).second, "v1," + to_base64(hmac_sha256("key", "i.1.body")));
}

TEST(MessageFormat, WithoutASecretNothingIsSigned) {
  EXPECT_EQ(webhook_headers("i", Instant(), "body", std::nullopt).size(), 2u);
}

TEST(MessageFormat, ACloudEventHasWhatTheSpecificationRequires) {
  const json event = json::parse(cloud_event(completed(), "8a2f"));
  EXPECT_EQ(event.at("specversion"), "1.0");
  EXPECT_EQ(event.at("id"), "0f8fad5b-7-ops-completed");
  EXPECT_EQ(event.at("source"), "urn:uuid:8a2f");
  EXPECT_EQ(event.at("type"), "io.studyctl.Completed");
  EXPECT_EQ(event.at("subject"), "nmr/2026-11-22_14-30-05");
  EXPECT_EQ(event.at("time"), "2026-11-22T14:33:25.000Z");
  EXPECT_EQ(event.at("data").at("succeeded"), 12);
}

TEST(MessageFormat, TheHeadLineSaysWhatHappened) {
  EXPECT_EQ(headline_of(completed()), "nmr: Completed: 12 of 12 succeeded in 3m 20s");
  EXPECT_EQ(headline_of(message_of("ThresholdExceeded", R"({"message":"6 failed > 5 tolerated"})")),
            "nmr: threshold exceeded: 6 failed > 5 tolerated");
  EXPECT_EQ(headline_of(message_of("Paused", R"({"message":""})")), "nmr: Paused");
  EXPECT_EQ(headline_of(message_of(
                "ExperimentFailed",
                R"({"experiment":{"name":"water-1","cycle":2,"reason":"OOMKilled","message":"ate all"}})")),
            "nmr: failed: water-1, cycle 2: OOMKilled: ate all");
}

TEST(MessageFormat, DataThatCannotBeReadIsNoReasonToSayNothing) {
  EXPECT_EQ(headline_of(message_of("Stopped", "{{{")), "nmr: Stopped");
}

TEST(MessageFormat, SlackShowsTextThatLooksLikeItsMarkup) {
  const json body = json::parse(slack_text(message_of("Failed", R"({"message":"a <b> & c"})")));
  EXPECT_EQ(body.size(), 1u);
  EXPECT_EQ(body.at("text").get<std::string>().find("*nmr: Failed: a &lt;b&gt; &amp; c*"), 0u);
}

TEST(MessageFormat, AMailHasItsHeadersAndNoBareLineBreaks) {
  const Email email{{"a@example.org", "b@example.org"}, "studies@example.org", "smtps://mail", "", {}};
  const std::string mail = mail_text(completed(), email);
  EXPECT_NE(mail.find("Date: Sun, 22 Nov 2026 14:33:25 +0000\r\n"), std::string::npos);
  EXPECT_NE(mail.find("From: <studies@example.org>\r\n"), std::string::npos);
  EXPECT_NE(mail.find("To: <a@example.org>,\r\n <b@example.org>\r\n"), std::string::npos);
  EXPECT_NE(mail.find("Subject: nmr: Completed: 12 of 12 succeeded in 3m 20s\r\n"), std::string::npos);
  EXPECT_NE(mail.find("Message-ID: <0f8fad5b-7-ops-completed@example.org>\r\n"), std::string::npos);
  for (size_t at = mail.find('\n'); at != std::string::npos; at = mail.find('\n', at + 1))
    EXPECT_EQ(mail.at(at - 1), '\r');
}

TEST(MessageFormat, WhatAProgramSaidCannotAddAHeader) {
  const Email email{{"a@example.org"}, "b@example.org", "smtps://mail", "", {}};
  const std::string mail =
      mail_text(message_of("Failed", R"({"message":"x\r\nBcc: all@example.org"})"), email);
  EXPECT_EQ(mail.find("\nBcc:"), std::string::npos);
}

TEST(MessageFormat, ALongSubjectThatIsNotAsciiIsFoldedBetweenItsCharacters) {
  std::string words;
  for (int i = 0; i < 40; ++i) words += "ü€";
  const Email email{{"a@example.org"}, "b@example.org", "smtps://mail", "", {}};
  const std::string mail = mail_text(message_of("Failed", json{{"message", words}}.dump()), email);
  std::string decoded;
  for (size_t at = mail.find("=?UTF-8?B?"); at != std::string::npos; at = mail.find("=?UTF-8?B?", at + 1)) {
    const auto part = from_base64(mail.substr(at + 10, mail.find("?=", at) - at - 10));
    ASSERT_TRUE(part);
    EXPECT_EQ(to_utf8(*part), *part);
    decoded += *part;
  }
  EXPECT_EQ(decoded, "nmr: Failed: " + words);
}

}  // namespace
}  // namespace studyctl
