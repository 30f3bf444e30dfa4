#include "model/conclusions.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <span>

#include "base/text.h"

namespace studyctl {
namespace {

using Levels = std::vector<uint32_t>;
using Standing = MetricSummary::Standing;

// The figures of one metric in one group, one a cycle.
struct ByCycle {
  std::vector<uint32_t> cycles;  // ascending
  std::vector<double> means, medians;
};

class Conclusion {
 public:
  Conclusion(const Measurements& measured, const Question& question)
      : measured_(measured), question_(question) {}

  Result<Conclusions> make() {
    if (auto chosen = choose_parameters(); !chosen) return std::move(chosen).error();
    gather();
    for (size_t group = 0; group < conclusions_.groups.size(); ++group) summarize(group);
    if (auto compared = compare_with_baseline(); !compared) return std::move(compared).error();
    for (size_t series = 0; series < measured_.series.size(); ++series) rank(series);
    return std::move(conclusions_);
  }

 private:
  Result<void> choose_parameters() {
    if (measured_.rows.empty()) return {};
    std::vector<std::string> known;
    for (const auto& parameter : measured_.parameters) known.push_back(parameter.name);
    const auto find = [&](const char* flag, const std::string& name) -> Result<uint32_t> {
      const uint32_t place = measured_.parameter(name);
      if (place != Measurements::kAbsent) return place;
      return Error{ErrorCode::Invalid,
                   std::string(flag) + " " + printable(name) +
                       ": no experiment has this parameter; there is: " + printable(join(known, ", "))};
    };
    for (const std::string& name : question_.by) {
      const auto place = find("--by", name);
      if (!place) return place.error();
      conclusions_.by.push_back(*place);
    }
    if (question_.by.empty()) conclusions_.by = varying();
    for (const auto& [name, value] : question_.baseline) {
      const auto place = find("--baseline", name);
      if (!place) return place.error();
      if (std::find(conclusions_.by.begin(), conclusions_.by.end(), *place) == conclusions_.by.end())
        return Error{ErrorCode::Invalid, "--baseline " + printable(name) + "=" + printable(value) +
                                             ": groups are not made by it, but by " +
                                             printable(names_of(conclusions_.by))};
      const auto& levels = measured_.parameters[*place].levels;
      const auto level = std::find(levels.begin(), levels.end(), value);
      if (level == levels.end())
        return Error{ErrorCode::Invalid,
                     "--baseline " + printable(name) + "=" + printable(value) +
                         ": nothing was measured there; there is: " + printable(join(levels, ", "))};
      baseline_.emplace_back(*place, static_cast<uint32_t>(level - levels.begin()));
    }
    return {};
  }

  std::string names_of(const std::vector<uint32_t>& parameters) const {
    std::vector<std::string> names;
    for (const uint32_t one : parameters) names.push_back(measured_.parameters[one].name);
    return join(names, ", ");
  }

  std::vector<uint32_t> varying() const {
    std::vector<uint32_t> all;
    for (uint32_t parameter = 0; parameter < measured_.parameters.size(); ++parameter) {
      const auto differs = [&](const Measurements::Row& row) {
        return measured_.level(row.point, parameter) !=
               measured_.level(measured_.rows.front().point, parameter);
      };
      if (std::any_of(measured_.rows.begin(), measured_.rows.end(), differs)) all.push_back(parameter);
    }
    return all;
  }

  // A group for what was measured, by point; in the order of the plan, since repetitions end in any.
  std::vector<uint32_t> make_groups() {
    constexpr uint32_t kUnmeasured = UINT32_MAX;
    std::vector<uint32_t> group_of(measured_.points.size(), kUnmeasured);
    for (const auto& row : measured_.rows) group_of[row.point] = 0;
    Levels key(conclusions_.by.size());
    for (uint32_t point = 0; point < group_of.size(); ++point) {
      if (group_of[point] == kUnmeasured) continue;
      for (size_t i = 0; i < key.size(); ++i) key[i] = measured_.level(point, conclusions_.by[i]);
      const auto [place, is_new] = places_.try_emplace(key, conclusions_.groups.size());
      if (is_new) conclusions_.groups.push_back({point, 0, {}});
      group_of[point] = static_cast<uint32_t>(place->second);
    }
    return group_of;
  }

  // Rows by group and, within it, by cycle.
  void gather() {
    const std::vector<uint32_t> group_of_point = make_groups();
    std::vector<uint32_t> group_of_row;
    for (const auto& row : measured_.rows) {
      const uint32_t group = group_of_point[row.point];
      ++conclusions_.groups[group].repetitions;
      group_of_row.push_back(group);
    }
    begin_.assign(1, 0);
    for (const ResultGroup& group : conclusions_.groups) begin_.push_back(begin_.back() + group.repetitions);
    order_.resize(measured_.rows.size());
    std::vector<size_t> next(begin_.begin(), begin_.end() - 1);
    for (uint32_t row = 0; row < group_of_row.size(); ++row) order_[next[group_of_row[row]]++] = row;
    for (size_t group = 0; group + 1 < begin_.size(); ++group)
      std::sort(order_.begin() + static_cast<std::ptrdiff_t>(begin_[group]),
                order_.begin() + static_cast<std::ptrdiff_t>(begin_[group + 1]), [&](uint32_t a, uint32_t b) {
                  const auto &left = measured_.rows[a], &right = measured_.rows[b];
                  return left.cycle != right.cycle ? left.cycle < right.cycle : a < b;
                });
    by_cycle_.resize(conclusions_.groups.size() * measured_.series.size());
  }

  ByCycle& by_cycle(size_t group, size_t series) {
    return by_cycle_[group * measured_.series.size() + series];
  }

  void summarize(size_t group) {
    for (size_t series = 0; series < measured_.series.size(); ++series)
      conclusions_.groups[group].metrics.push_back(summary_of(group, series));
  }

  MetricSummary summary_of(size_t group, size_t series) {
    ByCycle& figures = by_cycle(group, series);
    const std::vector<double>& values = measured_.series[series].values;
    all_.clear();
    size_t cycle_begin = 0;
    const auto close_cycle = [&] {
      if (cycle_begin == all_.size()) return;
      const std::span<const double> own(all_.data() + cycle_begin, all_.size() - cycle_begin);
      figures.means.push_back(mean_of(own));
      figures.medians.push_back(own.size() == 1 ? own.front() : median_of(own));
      cycle_begin = all_.size();
    };
    for (size_t i = begin_[group]; i < begin_[group + 1]; ++i) {
      const double value = values[order_[i]];
      if (!std::isfinite(value)) continue;
      const uint32_t cycle = measured_.rows[order_[i]].cycle;
      if (figures.cycles.empty() || figures.cycles.back() != cycle) {
        close_cycle();
        figures.cycles.push_back(cycle);
      }
      all_.push_back(value);
    }
    close_cycle();
    MetricSummary summary;
    summary.n = all_.size();
    summary.cycles = figures.cycles.size();
    if (all_.empty()) return summary;
    summary.mean = mean_of(figures.means);
    summary.median = median_of(figures.medians);
    const auto [least, most] = std::minmax_element(all_.begin(), all_.end());
    summary.min = *least;
    summary.max = *most;
    summary.standard_deviation = standard_deviation_of(all_);
    summary.mean_interval = mean_interval(figures.means);
    if (summary.cycles >= kFewestForBootstrap)
      summary.median_interval = median_interval(figures.medians, bootstrap(summary.cycles));
    return summary;
  }

  const Bootstrap& bootstrap(size_t count) {
    return bootstraps_.try_emplace(count, count, question_.seed).first->second;
  }

  Result<void> compare_with_baseline() {
    if (baseline_.empty()) return {};
    bool found = conclusions_.groups.empty();
    for (size_t group = 0; group < conclusions_.groups.size(); ++group) {
      Levels key;
      for (const uint32_t parameter : conclusions_.by) {
        key.push_back(measured_.level(conclusions_.groups[group].point, parameter));
        for (const auto& [changed, level] : baseline_)
          if (changed == parameter) key.back() = level;
      }
      const auto base = places_.find(key);
      if (base == places_.end() || base->second == group) continue;
      found = true;
      for (size_t series = 0; series < measured_.series.size(); ++series)
        conclusions_.groups[group].metrics[series].against =
            compare(by_cycle(group, series), by_cycle(base->second, series));
    }
    if (found) return {};
    return Error{ErrorCode::Invalid,
                 "--baseline: no group differs from one at the baseline in that alone; "
                 "choose fewer parameters by --by than " +
                     printable(names_of(conclusions_.by))};
  }

  std::optional<Comparison> compare(const ByCycle& own, const ByCycle& base) {
    std::vector<double> figures, bases, differences;
    for (size_t i = 0, k = 0; i < own.cycles.size() && k < base.cycles.size();) {
      if (own.cycles[i] == base.cycles[k]) {
        figures.push_back(own.means[i]);
        bases.push_back(base.means[k]);
        differences.push_back(own.means[i] - base.means[k]);
      }
      const bool behind = own.cycles[i] <= base.cycles[k];
      if (base.cycles[k] <= own.cycles[i]) ++k;
      if (behind) ++i;
    }
    if (differences.empty()) return std::nullopt;
    Comparison comparison;
    comparison.cycles = differences.size();
    comparison.difference = mean_of(differences);
    comparison.difference_interval = mean_interval(differences);
    const double base_mean = mean_of(bases);
    comparison.ratio =
        base_mean == 0 ? std::numeric_limits<double>::quiet_NaN() : mean_of(figures) / base_mean;
    if (base_mean != 0 && differences.size() >= kFewestForBootstrap)
      comparison.ratio_interval = ratio_interval(figures, bases, bootstrap(differences.size()));
    return comparison;
  }

  // Marks the best group by the metric's goal, and those that are not told apart from it.
  void rank(size_t series) {
    const Metric::Goal goal = measured_.series[series].goal;
    if (goal == Metric::Goal::None || conclusions_.groups.size() < 2) return;
    std::optional<size_t> best;
    const auto mean = [&](size_t group) { return conclusions_.groups[group].metrics[series].mean; };
    for (size_t group = 0; group < conclusions_.groups.size(); ++group) {
      if (conclusions_.groups[group].metrics[series].n == 0) continue;
      if (!best || (goal == Metric::Goal::Minimize ? mean(group) < mean(*best) : mean(group) > mean(*best)))
        best = group;
    }
    if (!best) return;
    for (size_t group = 0; group < conclusions_.groups.size(); ++group) {
      MetricSummary& summary = conclusions_.groups[group].metrics[series];
      if (group == *best) summary.standing = Standing::Best;
      if (group == *best || summary.n == 0) continue;
      const auto compared = compare(by_cycle(group, series), by_cycle(*best, series));
      const bool tied = compared && compared->difference_interval &&
                        compared->difference_interval->low <= 0 && compared->difference_interval->high >= 0;
      if (tied || summary.mean == mean(*best)) summary.standing = Standing::Tied;
    }
  }

  const Measurements& measured_;
  const Question& question_;
  Conclusions conclusions_;
  std::vector<std::pair<uint32_t, uint32_t>> baseline_;  // parameter → level
  std::map<Levels, size_t> places_;                      // of groups
  std::vector<uint32_t> order_;                          // rows
  std::vector<size_t> begin_;                            // of each group in `order_`
  std::vector<ByCycle> by_cycle_;
  std::map<size_t, Bootstrap> bootstraps_;
  std::vector<double> all_;
};

}  // namespace

Result<Conclusions> conclude(const Measurements& measured, const Question& question) {
  return Conclusion(measured, question).make();
}

std::vector<MetricDrift> drifts_of(const Measurements& measured) {
  constexpr double kSurely = 0.001, kWorthSaying = 0.01;
  std::vector<MetricDrift> drifts;
  for (const Measurements::Series& series : measured.series) {
    std::vector<Timed> timed;
    double first = 0, last = 0;
    for (size_t row = 0; row < measured.rows.size(); ++row) {
      if (!std::isfinite(series.values[row])) continue;
      const auto since = measured.rows[row].ended_at - measured.rows.front().ended_at;
      const double hours = std::chrono::duration<double, std::ratio<3600>>(since).count();
      timed.push_back({measured.rows[row].point, hours, series.values[row]});
      first = std::min(first, hours);
      last = std::max(last, hours);
    }
    const auto drift = drift_of(timed);
    if (drift && drift->p_value < kSurely && std::abs(drift->per_hour) * (last - first) > kWorthSaying)
      drifts.push_back({series.name, *drift, last - first});
  }
  return drifts;
}

std::string drift_text(const MetricDrift& drift) {
  char change[32], chance[32];
  std::snprintf(change, sizeof change, "%+.3g %%", drift.drift.per_hour * drift.hours * 100);
  std::snprintf(chance, sizeof chance, "%.1g", drift.drift.p_value);
  const auto span = std::chrono::duration<double, std::ratio<3600>>(drift.hours);
  return drift.metric + " moves with time, whatever the parameters: " + change + " over " +
         human_duration(std::chrono::duration_cast<Duration>(span)) + " (p = " + chance + ")";
}

}  // namespace studyctl
