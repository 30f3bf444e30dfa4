#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "model/event.h"

namespace studyctl {

// What a metric came to over the succeeded repetitions of a group.
struct Statistics {
  uint64_t n = 0;
  double mean = 0;
  double median = 0;
  double min = 0;
  double max = 0;
};

// Of at least one value.
Statistics statistics_of(std::vector<double> values);

// The parameters of an experiment by name, as people read them.
using Parameters = std::vector<std::pair<std::string, std::string>>;

// Statistics over cycles, grouped by parameters: `results --summary`.
class GroupedStatistics {
 public:
  // By these parameters, in this order; by all that a repetition has when empty.
  explicit GroupedStatistics(std::vector<std::string> group_by) : group_by_(std::move(group_by)) {}

  // One succeeded repetition. A parameter that it lacks counts as empty.
  void add(const Parameters& parameters, const std::vector<MetricValue>& metrics);

  struct MetricSummary {
    std::string name;
    std::string unit;
    Statistics statistics;
  };
  struct Group {
    Parameters parameters;
    uint64_t repetitions = 0;
    std::vector<MetricSummary> metrics;  // in the order in which they first came
  };
  // In the order in which the groups first came.
  std::vector<Group> groups() const;

 private:
  struct Series {
    std::string name;
    std::string unit;
    std::vector<double> values;
  };
  struct Collected {
    Parameters parameters;
    uint64_t repetitions = 0;
    std::vector<Series> series;
  };

  std::vector<std::string> group_by_;
  std::map<Parameters, size_t> places_;
  std::vector<Collected> collected_;
};

}  // namespace studyctl
