#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "io/event_loop.h"
#include "io/http_client.h"
#include "service/courier.h"
#include "study/secret_sources.h"

namespace studyctl {

// Where messages may be sent.
struct CarrierOptions {
  std::string volume_id;
  HttpAddress::Reach reach = HttpAddress::Reach::Anywhere;
  std::vector<std::string> open_hosts{};  // reached whatever their addresses are
};

// Carries a message to a webhook or a mail server: one try. Belongs to the loop's thread; what is under way
// when it is destroyed is dropped without a word.
class Carrier {
 public:
  using Done = std::function<void(Delivery)>;

  // `loop` must outlive it.
  Carrier(EventLoop& loop, CarrierOptions options) : loop_(loop), options_(std::move(options)) {}

  // `done` is called from the loop, or from within when there is nothing to send it with.
  void send(const Message& message, const Notification& rule, const SecretSources& secrets, const Done& done);

 private:
  struct Sealed {  // with the values of its Secrets
    std::string base_url;
    HttpRequest request;
  };
  Result<Sealed> webhook(const Message& message, const Webhook& webhook, const SecretSources& secrets) const;
  Result<Sealed> mail(const Message& message, const Email& email, const SecretSources& secrets) const;
  HttpClient& client_of(const std::string& base_url);

  EventLoop& loop_;
  const CarrierOptions options_;
  std::map<std::string, std::unique_ptr<HttpClient>> clients_;  // by base URL
};

// What a receiver's answer means; `now` is what a date in Retry-After is compared with.
Delivery delivery_of(const HttpResponse& response, Instant now);

}  // namespace studyctl
