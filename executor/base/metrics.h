#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
class Registry;
}  // namespace prometheus

namespace studyctl {

// What a part of the program writes its figures into, from any thread and without allocating. One that was
// made by nobody takes everything and keeps nothing, so that who is not asked to measure need not know.
class Counter {
 public:
  Counter() = default;
  void add(double by = 1) const;

 private:
  friend class Metrics;
  explicit Counter(prometheus::Counter& counter) : counter_(&counter) {}
  prometheus::Counter* counter_ = nullptr;
};

class Gauge {
 public:
  Gauge() = default;
  void set(double value) const;

 private:
  friend class Metrics;
  explicit Gauge(prometheus::Gauge& gauge) : gauge_(&gauge) {}
  prometheus::Gauge* gauge_ = nullptr;
};

class Histogram {
 public:
  Histogram() = default;
  void observe(double value) const;

 private:
  friend class Metrics;
  explicit Histogram(prometheus::Histogram& histogram) : histogram_(&histogram) {}
  prometheus::Histogram* histogram_ = nullptr;
};

// Observes in `seconds` how long it lives.
class Timing {
 public:
  explicit Timing(Histogram seconds);
  ~Timing();
  Timing(const Timing&) = delete;
  Timing& operator=(const Timing&) = delete;

 private:
  Histogram seconds_;
  int64_t began_;
};

// Upper bounds, in seconds, of what is over in less than a second mostly, and of what lasts up to days.
std::vector<double> short_times();
std::vector<double> long_times();

using MetricLabels = std::map<std::string, std::string>;
struct MetricName {
  std::string name;  // as Prometheus wants it: studyctl_journal_commit_duration_seconds
  std::string help;
};

class MetricsPage;

// The figures of one owner: of a run, of a server. They are on `page` as long as this lives, which is as long
// as what was made here may be written into. The same name with the same labels is the same figure. Any
// thread.
class Metrics {
 public:
  // `labels` are those that all its figures have.
  explicit Metrics(MetricsPage& page, MetricLabels labels = {});
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  Counter counter(const MetricName& name, const MetricLabels& labels = {});
  Gauge gauge(const MetricName& name, const MetricLabels& labels = {});
  Histogram histogram(const MetricName& name, const std::vector<double>& bounds,
                      const MetricLabels& labels = {});

 private:
  friend class MetricsPage;
  template <class Builder>
  auto& family(Builder builder, const MetricName& name);

  MetricsPage& page_;
  const MetricLabels labels_;
  std::unique_ptr<prometheus::Registry> registry_;
};

// What is answered to one scrape: the figures of all that have some now. Outlives them. Any thread.
class MetricsPage {
 public:
  // Prometheus' text format 0.0.4; a family of figures stands together, whoever they are of.
  std::string text() const;

 private:
  friend class Metrics;
  mutable std::mutex mutex_;
  std::vector<const Metrics*> all_;
};

}  // namespace studyctl
