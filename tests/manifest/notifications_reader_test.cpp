#include <gtest/gtest.h>

#include "manifest/reading_support.h"

namespace studyctl {
namespace {

Manifest read(const std::string& rules) {
  auto manifest = read_manifest(manifest_with("  notifications: " + rules + "\n"), "study.yaml");
  EXPECT_TRUE(manifest) << (manifest ? "" : manifest.error().message);
  return manifest ? *std::move(manifest) : Manifest();
}

TEST(Notifications, AWebhookHasItsDefaults) {
  const Manifest manifest = read("[{on: [Completed, Failed], webhook: {url: \"https://example.org/x\"}}]");
  ASSERT_EQ(manifest.notifications.size(), 1u);
  const Notification& rule = manifest.notifications.front();
  EXPECT_EQ(rule.name, "1");
  EXPECT_EQ(rule.on, (std::vector{Occasion::Completed, Occasion::Failed}));
  EXPECT_EQ(rule.min_duration, Duration(0));
  EXPECT_EQ(rule.webhook->url, "https://example.org/x");
  EXPECT_EQ(rule.webhook->body, Webhook::Template::CloudEvent);
  EXPECT_EQ(rule.retry.limit, 30);
}

TEST(Notifications, AllOfItIsRead) {
  const Manifest manifest = read(
      "[{name: slack, on: [ThresholdExceeded], minDuration: 10m, webhook: {urlRef: {name: hook, key: url}, "
      "template: slack}, retry: {limit: 3, backoff: {initial: 1s, factor: 3, max: 2m}}}, "
      "{on: [ExperimentFailed], email: {to: [a@b.org], from: c@d.org, server: \"smtp://h:587\", username: u, "
      "secretRef: {name: mail, key: password}}}]");
  ASSERT_EQ(manifest.notifications.size(), 2u);
  const Notification& slack = manifest.notifications[0];
  EXPECT_EQ(slack.min_duration, std::chrono::minutes(10));
  EXPECT_EQ(slack.webhook->url_reference, (SecretReference{"hook", "url"}));
  EXPECT_EQ(slack.webhook->body, Webhook::Template::Slack);
  EXPECT_EQ(slack.retry.backoff.max, std::chrono::minutes(2));
  const Notification& mail = manifest.notifications[1];
  EXPECT_EQ(mail.name, "2");
  EXPECT_EQ(mail.email->password, (SecretReference{"mail", "password"}));
  EXPECT_EQ(mail.email->tls, Email::Tls::Required);
}

TEST(Notifications, WhatIsWrittenIsReadAgainAsItWas) {
  const Manifest manifest = read(
      "[{on: [Paused], webhook: {url: \"https://example.org\", secretRef: {name: a, key: b}}}, "
      "{on: [Stopped], email: {to: [a@b], from: c@d, server: \"smtp://h\", tls: None}}]");
  const auto again = read_manifest(to_yaml(manifest), "study.yaml");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(to_yaml(*again), to_yaml(manifest));
  EXPECT_EQ(execution_json(*again), execution_json(manifest));
}

TEST(Notifications, AreNoPartOfTheDesign) {
  const Manifest one = read("[{on: [Paused], webhook: {url: \"https://example.org\"}}]");
  const Manifest other = read("[{on: [Failed], webhook: {url: \"https://example.org\"}}]");
  EXPECT_EQ(design_json(one), design_json(other));
  EXPECT_NE(execution_json(one), execution_json(other));
}

}  // namespace
}  // namespace studyctl
