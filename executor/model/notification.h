#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/event.h"
#include "model/study.h"

// Who is told of what: spec.notifications.
namespace studyctl {

// What there may be to tell of a run.
enum class Occasion : uint8_t {
  Completed,
  CompletedWithFailures,
  Failed,
  Stopped,
  Cancelled,
  Paused,
  ThresholdExceeded,
  ExperimentFailed,  // a repetition that is not tried again
};
inline constexpr std::array<std::pair<std::string_view, Occasion>, 8> kOccasions = {
    {{"Completed", Occasion::Completed},
     {"CompletedWithFailures", Occasion::CompletedWithFailures},
     {"Failed", Occasion::Failed},
     {"Stopped", Occasion::Stopped},
     {"Cancelled", Occasion::Cancelled},
     {"Paused", Occasion::Paused},
     {"ThresholdExceeded", Occasion::ThresholdExceeded},
     {"ExperimentFailed", Occasion::ExperimentFailed}}};
constexpr std::string_view name_of(Occasion occasion) {
  return kOccasions.at(static_cast<size_t>(occasion)).first;
}
std::optional<Occasion> occasion_named(std::string_view name);

struct Webhook {
  enum class Template : uint8_t { CloudEvent, Slack };
  std::string url;                               // or, where the URL itself is a secret …
  std::optional<SecretReference> url_reference;  // … where it is kept
  std::optional<SecretReference> secret;         // signs; without it nothing is signed
  Template body = Template::CloudEvent;
};
inline constexpr std::array<std::pair<std::string_view, Webhook::Template>, 2> kWebhookTemplates = {
    {{"cloudevent", Webhook::Template::CloudEvent}, {"slack", Webhook::Template::Slack}}};

struct Email {
  enum class Tls : uint8_t { Required, None };
  std::vector<std::string> to;
  std::string from;
  std::string server;    // "smtps://host:465", "smtp://host:587"
  std::string username;  // `from`, where it is empty
  std::optional<SecretReference> password;
  Tls tls = Tls::Required;
};
inline constexpr std::array<std::pair<std::string_view, Email::Tls>, 2> kEmailTls = {
    {{"Required", Email::Tls::Required}, {"None", Email::Tls::None}}};

// How often a message is tried again, and how long is waited before.
struct Redelivery {
  int limit = 30;
  Backoff backoff{std::chrono::seconds(5), 2, std::chrono::hours(1)};
};

// One rule; it has a webhook or an e-mail.
struct Notification {
  std::string name;  // unique in its study; "1", "2" … by its place where the manifest gives none
  std::vector<Occasion> on;
  Duration min_duration{0};  // of runs that have been on for less nothing is told
  std::optional<Webhook> webhook;
  std::optional<Email> email;
  Redelivery retry;
};

// Where it goes, for people: "https://hooks.example.org", "smtps://mail.example.org". A URL's path may be a
// secret, so it is not in it.
std::string destination_of(const Notification& rule);
// Scheme, host and port of a URL; "a secret URL" of an empty one.
std::string origin_of(std::string_view url);

// What a committed event is the occasion of. `message_before`: the run's, before the event.
std::vector<Occasion> occasions_of(const Event& event, std::string_view message_before);

// The wait before try number `tries` + 1 of a message, `tries` having failed; nothing: there is none.
// `jitter`, from 0 to 1, spreads it over ± 20 %. What the receiver asked for is waited for too, a day at
// most.
std::optional<Duration> wait_before_next_try(const Redelivery& retry, int tries, double jitter,
                                             std::optional<Duration> asked_for = std::nullopt);

}  // namespace studyctl
