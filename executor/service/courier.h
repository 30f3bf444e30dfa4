#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/clock.h"
#include "model/notification.h"
#include "store/outbox.h"

namespace studyctl {

// What came of one try to deliver a message.
struct Delivery {
  enum class Kind : uint8_t { Taken, Failed, Gone };  // Gone: the receiver wants no more of it
  Kind kind = Kind::Taken;
  std::string error;
  std::optional<Duration> asked_for;  // Retry-After
};

// Decides which message is sent when, and what becomes of it; sends none itself. The messages of a rule go
// one after the other, so they arrive in order, and one that waits for its next try holds up those behind it.
// What came of a try is in the outbox before anything follows: a crash between sending and that has it sent
// once more, with the same id.
class Courier {
 public:
  // `done` is called once, by the same thread, from within or later.
  using Send = std::function<void(const Message&, const Notification&, std::function<void(Delivery)> done)>;
  // From 0 to 1, another each time.
  using Jitter = std::function<double()>;

  // `outbox` and `clock` must outlive it.
  Courier(Outbox& outbox, const Clock& clock, Send send, Jitter jitter)
      : outbox_(outbox), clock_(clock), send_(std::move(send)), jitter_(std::move(jitter)) {}

  // Sends all that is due. Returns how long nothing else will be, but for what is under way.
  Result<std::optional<Duration>> turn();
  // What went wrong in recording what came of a try, once.
  std::optional<Error> take_failure() { return std::exchange(failure_, std::nullopt); }

 private:
  Result<bool> send_due(const Message& message);
  void conclude(const Message& message, const Notification& rule, const Delivery& delivery);
  Result<void> record(const Message& message, const Notification& rule, const Delivery& delivery);
  Steady due_at(const Message& message);

  Outbox& outbox_;
  const Clock& clock_;
  Send send_;
  Jitter jitter_;
  std::map<int64_t, Steady> due_;  // of those that wait and were looked at
  std::set<int64_t> under_way_;
  std::optional<Error> failure_;
};

}  // namespace studyctl
