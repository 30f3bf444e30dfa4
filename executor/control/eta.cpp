#include "control/eta.h"

#include <algorithm>

#include "plan/forecaster.h"

namespace studyctl {
namespace {

constexpr size_t kMostRemembered = 2000;
// Repetitions that are looked at, whether they still wait: all of a small study, a sample of a large one.
constexpr uint64_t kMostLooks = 1000;
// A forecast takes its time (tens of milliseconds): it is believed for a hundredth of what it says is left.
constexpr Duration kRest = std::chrono::seconds(5);
constexpr Duration kMostRest = std::chrono::seconds(60);
constexpr Duration kLeastRest = std::chrono::seconds(1);  // where half as many again have ended since

Duration less(Duration duration, Duration passed) {
  return std::max(duration - passed, Duration(0));
}

// Progress is believed once it is past a twentieth: before that it says little.
std::optional<Duration> left_by(std::optional<double> progress, Duration elapsed) {
  if (!progress || *progress <= 0.05 || *progress > 1) return std::nullopt;
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::milli>(elapsed) *
                                              ((1 - *progress) / *progress));
}

std::vector<RepetitionKey> some_waiting(const Ledger& ledger) {
  const uint64_t all = ledger.experiments() * ledger.cycles();
  const uint64_t looks = std::min(all, kMostLooks);
  std::vector<RepetitionKey> found;
  for (uint64_t look = 0; look < looks; ++look) {
    const uint64_t place = look * all / looks;
    const RepetitionKey key{ledger.generation(), place % ledger.experiments(),
                            static_cast<uint32_t>(place / ledger.experiments()) + 1};
    if (ledger.state(key) == RepetitionState::Waiting) found.push_back(key);
  }
  return found;
}

}  // namespace

void Eta::note(const Event& event) {
  if (std::holds_alternative<GenerationOpened>(event.fact)) lasted_.clear();
  if (const auto* intended = std::get_if<AttemptIntended>(&event.fact))
    begun_[intended->key.repetition] = event.steady;
  const auto* ended = std::get_if<AttemptEnded>(&event.fact);
  if (ended == nullptr) return;
  auto begun = begun_.extract(ended->key.repetition);
  if (ended->verdict == Verdict::Withdrawn) return;
  ++ended_;
  if (ended->verdict == Verdict::Retry) ++retried_;
  if (begun) lasted_.emplace_back(ended->key.repetition, event.steady - begun.mapped());
  if (lasted_.size() > kMostRemembered) lasted_.pop_front();
}

bool Eta::is_over(const Made& made, Steady now) const {
  const bool has_grown = (ended_ - made.ended) * 2 >= made.ended;
  return now - made.at >= (has_grown ? kLeastRest : std::clamp(made.forecast.p50 / 100, kRest, kMostRest));
}

std::optional<Forecast> Eta::left(const Scene& scene) {
  if (!made_ || is_over(*made_, scene.now)) {
    const auto fresh = forecast(scene);
    if (!fresh) return std::nullopt;
    made_ = Made{*fresh, scene.now, ended_};
  }
  const Duration passed = scene.now - made_->at;
  return Forecast{less(made_->forecast.p50, passed), less(made_->forecast.p90, passed)};
}

std::optional<Forecast> Eta::forecast(const Scene& scene) const {
  const Ledger& ledger = scene.ledger;
  Forecaster forecaster(scene.study);
  for (const auto& [key, lasted] : lasted_)
    if (key.generation == ledger.generation()) forecaster.add(scene.point(key), lasted);
  if (forecaster.size() == 0) return std::nullopt;

  std::vector<Forecaster::Ahead> running;
  for (const auto& [key, attempt] : ledger.active()) {
    if (!ledger.has(key)) continue;
    const Duration elapsed = scene.now - attempt.intended_at;
    running.push_back({scene.point(key), elapsed, left_by(scene.progress(key), elapsed)});
  }
  const std::vector<RepetitionKey> waiting = some_waiting(ledger);
  const double retries = static_cast<double>(retried_) / static_cast<double>(std::max<uint64_t>(ended_, 1));
  const double attempts = static_cast<double>(ledger.count(RepetitionState::Waiting)) * (1 + retries);
  const auto ahead = waiting.empty() ? 0 : static_cast<uint64_t>(attempts);
  const auto at = [&](uint64_t place) {
    if (place < running.size()) return running[place];
    return Forecaster::Ahead{scene.point(waiting[(place - running.size()) * waiting.size() / ahead]), {}, {}};
  };
  auto forecast = forecaster.forecast(running.size() + ahead, at, static_cast<uint32_t>(scene.places));
  if (!forecast) return std::nullopt;
  const Duration pauses = gaps(scene, attempts);
  return Forecast{forecast->p50 + pauses, forecast->p90 + pauses};
}

// Where a cycle is at its beginning, the cooldown before it is on, or over.
Duration Eta::gaps(const Scene& scene, double attempts) const {
  const Execution& execution = scene.study.execution;
  const uint64_t waiting = scene.ledger.count(RepetitionState::Waiting);
  Duration pauses = std::max(scene.ledger.cooldown_until() - scene.now, Duration(0));
  pauses += execution.cooldown.experiment * static_cast<int64_t>(attempts);
  if (waiting > 0 && execution.order != Order::Sequential)
    pauses += execution.cooldown.cycle *
              static_cast<int64_t>((waiting - 1) / std::max<uint64_t>(scene.ledger.experiments(), 1));
  return pauses;
}

}  // namespace studyctl
