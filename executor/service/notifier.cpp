#include "service/notifier.h"

#include <algorithm>
#include <random>

#include "base/log.h"
#include "base/text.h"

namespace studyctl {
namespace {

constexpr Duration kPauseAfterFailure = std::chrono::seconds(10);
constexpr Duration kLongestIdle = std::chrono::hours(1);
constexpr Duration kLook{50};

}  // namespace

Notifier::Notifier(ResultsVolume volume, NotifierOptions options)
    : volume_(std::move(volume)), options_(std::move(options)), loop_(clock_), thread_([this] { run(); }) {}

Notifier::~Notifier() {
  is_ending_ = true;
  loop_.wake();
  thread_.join();
}

void Notifier::run() {
  while (!is_ending_) {
    if (auto sent = send_all(); !sent) log::warning("notifications: " + sent.error().message);
    if (!is_ending_) loop_.run_once(kPauseAfterFailure);
  }
}

// Until it is ending, or the database fails.
Result<void> Notifier::send_all() {
  auto outbox = Outbox::open(volume_.database());
  if (!outbox) return std::move(outbox).error();
  std::mt19937 random(std::random_device{}());
  Courier courier(
      *outbox, clock_,
      [this](const Message& message, const Notification& rule, const std::function<void(Delivery)>& done) {
        send(message, rule, done);
      },
      [&random] { return std::uniform_real_distribution<>(0, 1)(random); });
  carrier_ =
      std::make_unique<Carrier>(loop_, CarrierOptions{volume_.id(), options_.reach, options_.open_hosts});
  Result<void> result;
  while (result && !is_ending_) {
    const auto next = courier.turn();
    if (!next) {
      result = next.error();
    } else if (auto failure = courier.take_failure()) {
      result = *std::move(failure);
    } else {
      forget_secrets(*outbox);
      loop_.run_once(next->value_or(kLongestIdle));
    }
  }
  carrier_.reset();
  return result;
}

void Notifier::send(const Message& message, const Notification& rule,
                    const std::function<void(Delivery)>& done) {
  const auto secrets = SecretSources::of_run(volume_, message.run_id, options_.secret_directories);
  if (!secrets) return done({Delivery::Kind::Failed, secrets.error().message, {}});
  carrier_->send(message, rule, *secrets, [this, run = message.run_id, done](const Delivery& delivery) {
    done(delivery);
    told_.push_back(run);
  });
}

// They were kept for the last messages of a run that has ended.
void Notifier::forget_secrets(Outbox& outbox) {
  for (const std::string& run : std::exchange(told_, {})) {
    const auto is_done = outbox.is_done_with(run);
    if (is_done && *is_done)
      if (auto forgotten = volume_.forget_secrets(run); !forgotten) log::warning(forgotten.error().message);
  }
}

Result<Outbox::Counts> Notifier::settle(const std::string& run_id, Duration longest) {
  auto outbox = Outbox::open_for_reading(volume_.database());
  if (!outbox) return std::move(outbox).error();
  const Instant deadline = clock_.now() + longest;
  while (true) {
    const auto heads = outbox->heads();
    if (!heads) return heads.error();
    const bool may_be_sent = std::any_of(heads->begin(), heads->end(), [&](const Message& head) {
      return (run_id.empty() || head.run_id == run_id) && head.next_at < deadline;
    });
    if (!may_be_sent || clock_.now() >= deadline) return outbox->counts(run_id);
    std::this_thread::sleep_for(kLook);
  }
}

}  // namespace studyctl
