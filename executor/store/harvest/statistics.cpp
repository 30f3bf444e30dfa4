#include "store/harvest/statistics.h"

#include <algorithm>
#include <numeric>

namespace studyctl {

Statistics statistics_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  // Halves first: the sum of two large numbers may be none.
  const double median = n % 2 == 1 ? values[n / 2] : values[n / 2 - 1] / 2 + values[n / 2] / 2;
  double mean = 0;
  for (size_t i = 0; i < n; ++i) mean += (values[i] - mean) / static_cast<double>(i + 1);
  return {n, mean, median, values.front(), values.back()};
}

void GroupedStatistics::add(const Parameters& parameters, const std::vector<MetricValue>& metrics) {
  Parameters key;
  for (const std::string& name : group_by_) {
    const auto at = std::find_if(parameters.begin(), parameters.end(),
                                 [&](const auto& one) { return one.first == name; });
    key.emplace_back(name, at == parameters.end() ? std::string() : at->second);
  }
  if (group_by_.empty()) key = parameters;
  const auto [place, is_new] = places_.try_emplace(key, collected_.size());
  if (is_new) collected_.push_back({key, 0, {}});
  Collected& group = collected_[place->second];
  ++group.repetitions;
  for (const MetricValue& metric : metrics) {
    auto series = std::find_if(group.series.begin(), group.series.end(),
                               [&](const Series& one) { return one.name == metric.name; });
    if (series == group.series.end())
      series = group.series.insert(series, Series{metric.name, metric.unit, {}});
    series->values.push_back(metric.value);
  }
}

std::vector<GroupedStatistics::Group> GroupedStatistics::groups() const {
  std::vector<Group> groups;
  for (const Collected& one : collected_) {
    Group group{one.parameters, one.repetitions, {}};
    for (const Series& series : one.series)
      group.metrics.push_back({series.name, series.unit, statistics_of(series.values)});
    groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace studyctl
