#include "base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <chrono>
#include <iterator>

namespace studyctl {
namespace {

int64_t nanoseconds() {
  return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

void Counter::add(double by) const {
  if (counter_) counter_->Increment(by);
}

void Gauge::set(double value) const {
  if (gauge_) gauge_->Set(value);
}

void Histogram::observe(double value) const {
  if (histogram_) histogram_->Observe(value);
}

Timing::Timing(Histogram seconds) : seconds_(seconds), began_(nanoseconds()) {}

Timing::~Timing() {
  seconds_.observe(static_cast<double>(nanoseconds() - began_) / 1e9);
}

std::vector<double> short_times() {
  return {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60};
}

std::vector<double> long_times() {
  return {0.1, 0.3, 1, 3, 10, 30, 60, 180, 600, 1800, 3600, 10'800, 36'000, 86'400, 259'200};
}

Metrics::Metrics(MetricsPage& page, MetricLabels labels)
    : page_(page), labels_(std::move(labels)), registry_(std::make_unique<prometheus::Registry>()) {
  const std::lock_guard lock(page_.mutex_);
  page_.all_.push_back(this);
}

Metrics::~Metrics() {
  const std::lock_guard lock(page_.mutex_);
  std::erase(page_.all_, this);
}

template <class Builder>
auto& Metrics::family(Builder builder, const MetricName& name) {
  return builder.Name(name.name).Help(name.help).Labels(labels_).Register(*registry_);
}

Counter Metrics::counter(const MetricName& name, const MetricLabels& labels) {
  return Counter(family(prometheus::BuildCounter(), name).Add(labels));
}

Gauge Metrics::gauge(const MetricName& name, const MetricLabels& labels) {
  return Gauge(family(prometheus::BuildGauge(), name).Add(labels));
}

Histogram Metrics::histogram(const MetricName& name, const std::vector<double>& bounds,
                             const MetricLabels& labels) {
  return Histogram(family(prometheus::BuildHistogram(), name).Add(labels, bounds));
}

std::string MetricsPage::text() const {
  std::map<std::string, prometheus::MetricFamily> families;
  {
    const std::lock_guard lock(mutex_);
    for (const Metrics* metrics : all_) {
      for (prometheus::MetricFamily& family : metrics->registry_->Collect()) {
        prometheus::MetricFamily& all = families[family.name];
        std::move(all.metric.begin(), all.metric.end(), std::back_inserter(family.metric));
        all = std::move(family);
      }
    }
  }
  std::vector<prometheus::MetricFamily> collected;
  for (auto& [name, family] : families) {
    std::sort(family.metric.begin(), family.metric.end(),
              [](const prometheus::ClientMetric& a, const prometheus::ClientMetric& b) {
                return a.label < b.label;
              });
    collected.push_back(std::move(family));
  }
  return prometheus::TextSerializer().Serialize(collected);
}

}  // namespace studyctl
