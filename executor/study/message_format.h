#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "model/notification.h"
#include "store/outbox.h"

// What a message looks like where it arrives.
namespace studyctl {

// A CloudEvent 1.0 in structured mode; its id is the message's, its source the volume, its subject the run.
std::string cloud_event(const Message& message, const std::string& volume_id);
// What Slack and those that are like it take from an incoming webhook.
std::string slack_text(const Message& message);
// An Internet message, its lines ended by CR LF: the head line as subject, the rest in words.
std::string mail_text(const Message& message, const Email& email);

// One sentence: "nmr: Completed: 12 of 12 succeeded in 3m 20s".
std::string headline_of(const Message& message);
// The lines below it, ended by CR LF.
std::string details_of(const Message& message);

// The body and its type, by the webhook's template.
std::pair<std::string, std::string> webhook_body(const Message& message, Webhook::Template body,
                                                 const std::string& volume_id);

// As Standard Webhooks has them: webhook-id, webhook-timestamp, and with a secret webhook-signature. A secret
// "whsec_…" is base64, any other is taken as it is, without white space around it.
std::vector<std::pair<std::string, std::string>> webhook_headers(const std::string& id, Instant now,
                                                                 const std::string& body,
                                                                 const std::optional<std::string>& secret);

// What `notify --test` sends.
Message test_message(const std::string& study, const Notification& rule, Instant now);

}  // namespace studyctl
