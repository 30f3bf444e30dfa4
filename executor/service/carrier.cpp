#include "service/carrier.h"

#include <algorithm>
#include <charconv>
#include <ctime>

#include "base/text.h"
#include "study/message_format.h"

namespace studyctl {
namespace {

constexpr Duration kPatience = std::chrono::seconds(15);

// Seconds, or a date.
std::optional<Duration> retry_after(const std::string& text, Instant now) {
  int64_t seconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  constexpr int64_t kMostSeconds = 1'000'000;
  if (parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() && seconds >= 0)
    return std::chrono::seconds(std::min(seconds, kMostSeconds));
  std::tm date{};
  const char* end = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
  if (end == nullptr || *end != '\0') return std::nullopt;
  const Instant at =
      std::chrono::time_point_cast<Duration>(std::chrono::system_clock::from_time_t(timegm(&date)));
  return std::max(at - now, Duration(0));
}

std::string host_of(const std::string& base_url) {
  std::string_view rest = std::string_view(base_url).substr(base_url.find("://") + 3);
  if (rest.starts_with('[')) return std::string(rest.substr(0, rest.find(']') + 1));
  return lower(rest.substr(0, rest.find(':')));
}

Result<std::optional<std::string>> value_of(const std::optional<SecretReference>& reference,
                                            const SecretSources& secrets) {
  if (!reference) return std::optional<std::string>();
  auto value = secrets.value(*reference);
  if (!value) return std::move(value).error();
  return std::optional<std::string>(trim(*value));
}

}  // namespace

Delivery delivery_of(const HttpResponse& response, Instant now) {
  if (response.status >= 200 && response.status < 300) return {};
  Delivery delivery{Delivery::Kind::Failed, "answered " + std::to_string(response.status),
                    retry_after(response.header("retry-after"), now)};
  if (response.status >= 300 && response.status < 400) delivery.error += "; redirects are not followed";
  if (response.status != 410) return delivery;
  delivery.kind = Delivery::Kind::Gone;
  delivery.error += " (Gone): it wants no more of it";
  return delivery;
}

Result<Carrier::Sealed> Carrier::webhook(const Message& message, const Webhook& webhook,
                                         const SecretSources& secrets) const {
  const auto secret_url = value_of(webhook.url_reference, secrets);
  if (!secret_url) return secret_url.error();
  const auto secret = value_of(webhook.secret, secrets);
  if (!secret) return secret.error();
  std::string url = secret_url->value_or(webhook.url);
  url.erase(std::min(url.size(), url.find('#')));
  Sealed sealed;
  sealed.base_url = origin_of(url);
  if (!url.starts_with("https://") && !url.starts_with("http://"))
    return Error{ErrorCode::Invalid, "the URL in its Secret does not begin with https:// or http://"};
  if (sealed.base_url.find('@') != std::string::npos)
    return Error{ErrorCode::Invalid, "the URL in its Secret has a user in it"};
  HttpRequest& request = sealed.request;
  request.method = "POST";
  request.path = url.substr(sealed.base_url.size());
  if (!request.path.starts_with('/')) request.path.insert(0, "/");
  std::string type;
  std::tie(request.body, type) = webhook_body(message, webhook.body, options_.volume_id);
  request.headers = webhook_headers(message.id, loop_.clock().now(), request.body, *secret);
  request.headers.emplace_back("Content-Type", type);
  return sealed;
}

Result<Carrier::Sealed> Carrier::mail(const Message& message, const Email& email,
                                      const SecretSources& secrets) const {
  const auto password = value_of(email.password, secrets);
  if (!password) return password.error();
  Sealed sealed;
  sealed.base_url = email.server;
  sealed.request.body = mail_text(message, email);
  sealed.request.mail = {email.from, email.to, email.username.empty() ? email.from : email.username,
                         password->value_or(""), email.tls == Email::Tls::Required};
  return sealed;
}

HttpClient& Carrier::client_of(const std::string& base_url) {
  std::unique_ptr<HttpClient>& client = clients_[base_url];
  if (client) return *client;
  HttpAddress address;
  address.base_url = base_url;
  const bool is_open = std::find(options_.open_hosts.begin(), options_.open_hosts.end(), host_of(base_url)) !=
                       options_.open_hosts.end();
  if (!is_open) address.reach = options_.reach;
  client = std::make_unique<HttpClient>(loop_, std::move(address));
  return *client;
}

void Carrier::send(const Message& message, const Notification& rule, const SecretSources& secrets,
                   const Done& done) {
  auto sealed = rule.email ? mail(message, *rule.email, secrets) : webhook(message, *rule.webhook, secrets);
  if (!sealed) return done({Delivery::Kind::Failed, sealed.error().message, {}});
  HttpClient& client = client_of(sealed->base_url);
  sealed->request.timeout = kPatience;
  const auto conclude = [this, done](const Result<HttpResponse>& answer) {
    done(answer ? delivery_of(*answer, loop_.clock().now())
                : Delivery{Delivery::Kind::Failed, answer.error().message, {}});
  };
  if (sealed->request.mail) {
    client.call(std::move(sealed->request), conclude);
  } else {  // whatever it says besides its status is not read
    client.stream(
        std::move(sealed->request), [](const HttpResponse&) {}, [](std::string_view) { return false; },
        conclude);
  }
}

}  // namespace studyctl
