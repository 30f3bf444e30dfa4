#include "engine/telemetry/sampler.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace studyctl {
namespace {

constexpr Duration kShortest{1000};
constexpr Duration kLongest{10'000};
// Looking takes a hundredth of the time at most.
constexpr int kCostFactor = 100;
constexpr char kNvidia[] = "nvidia.com/gpu=";

}  // namespace

const GpuReading* reading_of(const std::vector<GpuReading>& gpus, const std::string& device) {
  if (!device.starts_with(kNvidia)) return nullptr;
  const std::string id = device.substr(sizeof kNvidia - 1);
  const auto found = std::find_if(gpus.begin(), gpus.end(), [&](const GpuReading& gpu) {
    return gpu.id == id || std::to_string(gpu.index) == id;
  });
  return found == gpus.end() ? nullptr : &*found;
}

Sampler::Sampler(EventLoop& loop, const HostPlaces& places)
    : loop_(loop),
      observer_(loop.clock(), places,
                [this, places] {
                  return MachineReading{read_host(places), nvml_ ? gpus() : std::vector<GpuReading>()};
                }),
      pause_(kShortest) {}

Sampler::~Sampler() {
  if (is_set_) loop_.cancel(timer_);
}

// The driver is asked for only where its devices are used: it may take seconds to wake.
const std::vector<GpuReading>& Sampler::gpus() {
  if (!std::exchange(has_looked_for_nvml_, true)) nvml_ = Nvml::open();
  const Steady now = loop_.clock().steady();
  if (nvml_ && (!gpus_at_ || now - *gpus_at_ >= kShortest / 2)) {
    gpus_ = nvml_->read();
    gpus_at_ = now;
  }
  return gpus_;
}

void Sampler::begin(const AttemptId& attempt, int pid, const std::vector<std::string>& devices,
                    Account account) {
  std::vector<std::string> ids;
  for (const std::string& device : devices) {
    if (!device.starts_with(kNvidia)) continue;
    const GpuReading* reading = reading_of(gpus(), device);
    if (reading) seen_[device] = *reading;
    ids.push_back(reading ? reading->id : device.substr(sizeof kNvidia - 1));
  }
  observer_.begin(attempt, pid, std::move(ids), account);
  if (!is_set_) sample_later();
}

std::optional<std::string> Sampler::pci_of(const std::string& device) {
  const auto found = seen_.find(device);
  return found == seen_.end() || found->second.pci.empty() ? std::nullopt : std::optional(found->second.pci);
}

bool Sampler::is_there(const std::string& device) {
  return !seen_.contains(device) || reading_of(gpus(), device) != nullptr;
}

void Sampler::sample_later() {
  is_set_ = true;
  timer_ = loop_.after(pause_, [this] { sample(); });
}

void Sampler::sample() {
  is_set_ = false;
  if (!observer_.is_watching()) return;
  const auto before = std::chrono::steady_clock::now();
  observer_.sample();
  const auto cost = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - before);
  pause_ = std::clamp(cost * kCostFactor, kShortest, kLongest);
  sample_later();
}

}  // namespace studyctl
