#include "study/conclusions_answer.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "study/results_flags.h"
#include "study/written_json.h"

namespace studyctl {
namespace {

using Standing = MetricSummary::Standing;

std::string plus_minus(const std::optional<Interval>& interval) {
  if (!interval) return "";
  const double half = (interval->high - interval->low) / 2;
  char text[32];
  std::snprintf(text, sizeof text, half >= 99.5 && half < 1e6 ? "±%.0f" : "±%.2g", half);
  return text;
}

std::string from_to(const std::optional<Interval>& interval) {
  return interval ? short_number(interval->low) + " to " + short_number(interval->high) : "";
}

Written written_interval(const std::optional<Interval>& interval) {
  if (!interval) return written_null();
  return {Written::List{written_number(interval->low), written_number(interval->high)}};
}

ConclusionField number(const char* key, const char* heading, ConclusionField::Shown shown, double value) {
  return {key, heading, shown, written_number(value), short_number(value)};
}

ConclusionField interval_of(const char* key, const char* heading, ConclusionField::Shown shown,
                            const std::optional<Interval>& interval, std::string text) {
  return {key, heading, shown, written_interval(interval), std::move(text), true};
}

std::vector<ConclusionField> fields_of(const Measurements::Series& series, const MetricSummary& summary,
                                       bool has_baseline) {
  using Shown = ConclusionField::Shown;
  const Shown less = has_baseline ? Shown::Wide : Shown::Table;
  const auto standing = [&](const char* best, const char* tied) {
    return summary.standing == Standing::Best ? best : summary.standing == Standing::Tied ? tied : "";
  };
  std::vector<ConclusionField> fields = {
      {"metric", "METRIC", Shown::Table, Written::text(series.name),
       series.unit.empty() ? series.name : series.name + " (" + series.unit + ")"},
      {"unit", "UNIT", Shown::Data, Written::text(series.unit)},
      {"n", "N", Shown::Table, written_of(summary.n), std::to_string(summary.n)},
      {"cycles", "CYCLES", Shown::Wide, written_of(summary.cycles), std::to_string(summary.cycles)},
      number("mean", "MEAN", Shown::Table, summary.mean),
      interval_of("mean_ci95", "95% CI", Shown::Table, summary.mean_interval,
                  plus_minus(summary.mean_interval)),
      number("median", "MEDIAN", less, summary.median),
      interval_of("median_ci95", "MEDIAN 95% CI", Shown::Wide, summary.median_interval,
                  from_to(summary.median_interval)),
      number("sd", "SD", less, summary.standard_deviation),
      number("min", "MIN", less, summary.min),
      number("max", "MAX", less, summary.max)};
  if (has_baseline) {
    const auto against = summary.against.value_or(Comparison{0, NAN, {}, NAN, {}});
    fields.push_back(
        {"pairs", "PAIRS", Shown::Wide, written_of(against.cycles), std::to_string(against.cycles)});
    fields.push_back(number("difference", "DIFFERENCE", Shown::Table, against.difference));
    fields.push_back(interval_of("difference_ci95", "95% CI", Shown::Table, against.difference_interval,
                                 plus_minus(against.difference_interval)));
    fields.push_back(number("ratio", "RATIO", Shown::Table, against.ratio));
    fields.push_back(interval_of("ratio_ci95", "95% CI", Shown::Table, against.ratio_interval,
                                 from_to(against.ratio_interval)));
  }
  const std::string word = standing("best", "tied");
  fields.push_back({"standing", "BEST", Shown::Table, word.empty() ? written_null() : Written::text(word),
                    standing("*", "=")});
  return fields;
}

Written written_tally(const FlagTally& tally, bool left_out) {
  Written::Map reasons;
  for (const auto& [flag, count] : tally.by_flag) reasons.emplace_back(flag, written_of(count));
  return {Written::Map{{"repetitions", written_of(tally.repetitions)},
                       {"flags", {std::move(reasons)}},
                       {"left_out", Written::boolean(left_out)}}};
}

const Measurements::Series* series_named(const Measurements& measured, const std::string& name) {
  const auto found = std::find_if(measured.series.begin(), measured.series.end(),
                                  [&](const auto& one) { return one.name == name; });
  return found == measured.series.end() ? nullptr : &*found;
}

Error unknown_name(const Measurements& measured, const char* flag, const std::string& name) {
  std::vector<std::string> known;
  for (const auto& parameter : measured.parameters) known.push_back(parameter.name);
  for (const auto& series : measured.series) known.push_back(series.name);
  const auto near = nearest(name, known);
  return {ErrorCode::Invalid,
          std::string(flag) + " " + printable(name) + ": is neither a parameter nor a metric of this run; " +
              (near ? "did you mean " + *near + "?" : "there is: " + printable(join(known, ", ")))};
}

Point point_of(const Measurements& measured, uint32_t point) {
  Point texts;
  for (uint32_t parameter = 0; parameter < measured.parameters.size(); ++parameter)
    if (measured.level(point, parameter) != Measurements::kAbsent)
      texts.parameters.emplace_back(measured.parameters[parameter].name,
                                    Value{Value::Kind::String, measured.text(point, parameter)});
  return texts;
}

bool is_metric(const Measurements& measured, const std::string& name) {
  return measured.parameter(name) == Measurements::kAbsent && series_named(measured, name) != nullptr;
}

Result<void> all_known(const Measurements& measured, const std::vector<Requirement>& of_parameters) {
  for (const Requirement& one : of_parameters)
    if (measured.parameter(one.name) == Measurements::kAbsent && !measured.rows.empty())
      return unknown_name(measured, "--where", one.name);
  return {};
}

// Leaves out the groups whose means are not as wanted.
void narrow(const Measurements& measured, const Selector& where, Conclusions& conclusions) {
  for (const Requirement& one : where.requirements()) {
    if (!is_metric(measured, one.name)) continue;
    const auto series = static_cast<size_t>(series_named(measured, one.name) - measured.series.data());
    std::erase_if(conclusions.groups, [&](const ResultGroup& group) {
      const MetricSummary& summary = group.metrics[series];
      const Value mean{Value::Kind::Number, number_text(summary.mean)};
      return !one.holds(summary.n > 0 ? &mean : nullptr);
    });
  }
}

// Leaves out what the query does not let through, and says by which goal a metric is judged.
Result<void> narrow(Measurements& measured, const ResultsQuery& query) {
  ParameterSieve sieve(query.rules.selector);
  for (Measurements::Series& series : measured.series)
    if (const auto metric = query.metrics.find(series.name); metric != query.metrics.end()) {
      series.goal = metric->second.goal;
      series.unit = metric->second.unit;
    }
  auto of_parameters = query.where.requirements();
  std::erase_if(of_parameters, [&](const Requirement& one) { return is_metric(measured, one.name); });
  if (auto known = all_known(measured, of_parameters); !known) return known;
  if (query.rules.filter.experiment.empty() && query.rules.selector.names().empty() && of_parameters.empty())
    return {};
  std::vector<bool> wanted;
  for (uint32_t point = 0; point < measured.points.size(); ++point) {
    const Point own = point_of(measured, point);
    wanted.push_back(measured.names[point].starts_with(query.rules.filter.experiment) && sieve.passes(own) &&
                     std::all_of(of_parameters.begin(), of_parameters.end(),
                                 [&](const Requirement& one) { return one.holds(own.find(one.name)); }));
  }
  if (auto verdict = sieve.verdict(); !verdict) return verdict;
  measured.keep([&](size_t row) { return wanted[measured.rows[row].point]; });
  return {};
}

}  // namespace

void ConclusionRows::each(const Visit& visit) const {
  for (const ResultGroup& group : conclusions.groups)
    for (size_t i = 0; i < group.metrics.size(); ++i)
      if (group.metrics[i].n > 0) visit(group, fields_of(measured.series[i], group.metrics[i], has_baseline));
}

std::vector<std::string> ConclusionRows::parameter_names() const {
  std::vector<std::string> names;
  for (const uint32_t parameter : conclusions.by) names.push_back(measured.parameters[parameter].name);
  return names;
}

std::vector<std::string> ConclusionRows::parameter_cells(const ResultGroup& group) const {
  std::vector<std::string> cells;
  for (const uint32_t parameter : conclusions.by) cells.push_back(measured.text(group.point, parameter));
  return cells;
}

Written ConclusionRows::data_of(const ResultGroup& group, const std::vector<ConclusionField>& fields) const {
  Written::Map parameters, map;
  const std::vector<std::string> names = parameter_names(), cells = parameter_cells(group);
  for (size_t i = 0; i < names.size(); ++i) parameters.emplace_back(names[i], Written::text(cells[i]));
  map.emplace_back("parameters", Written{std::move(parameters)});
  for (const ConclusionField& field : fields) map.emplace_back(field.key, field.data);
  return {std::move(map)};
}

bool ConclusionRows::has_goal() const {
  return std::any_of(measured.series.begin(), measured.series.end(),
                     [](const auto& series) { return series.goal != Metric::Goal::None; });
}

Result<ConclusionsAnswer> ConclusionsAnswer::of(const ResultsQuery& query, const ConclusionsQuery& asked) {
  auto measured = measurements_of(query);
  if (!measured) return std::move(measured).error();
  const FlagTally flagged = clean(query, *measured);
  auto conclusions = conclude(*measured, asked.question);
  if (!conclusions) return std::move(conclusions).error();
  narrow(*measured, query.where, *conclusions);
  if (auto sorted = sort_groups(*measured, *conclusions, asked.sort); !sorted)
    return std::move(sorted).error();
  auto drifts = drifts_of(*measured);
  return ConclusionsAnswer{*std::move(measured),
                           *std::move(conclusions),
                           std::move(drifts),
                           flagged,
                           !asked.question.baseline.empty(),
                           query.clean};
}

Written ConclusionsAnswer::data() const {
  Written::List items, moving;
  const ConclusionRows all = rows();
  all.each([&](const ResultGroup& group, const std::vector<ConclusionField>& fields) {
    items.push_back(all.data_of(group, fields));
  });
  for (const MetricDrift& drift : drifts)
    moving.push_back({Written::Map{{"metric", Written::text(drift.metric)},
                                   {"per_hour", written_number(drift.drift.per_hour)},
                                   {"p_value", written_number(drift.drift.p_value)}}});
  return {Written::Map{{"apiVersion", Written::text("studyctl.io/v1alpha1")},
                       {"kind", Written::text("List")},
                       {"drift", {std::move(moving)}},
                       {"flagged", written_tally(flagged, is_clean)},
                       {"items", {std::move(items)}}}};
}

Result<Measurements> measurements_of(const ResultsQuery& query) {
  auto measured = query.chosen.catalog.measurements(query.chosen.run.record.id);
  if (!measured) return measured;
  if (auto narrowed = narrow(*measured, query); !narrowed) return std::move(narrowed).error();
  return measured;
}

std::optional<double> number_in(const std::string& text) {
  double value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  return end.ec == std::errc() && end.ptr == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

Result<void> sort_groups(const Measurements& measured, Conclusions& conclusions, const std::string& sort) {
  if (sort.empty() || conclusions.groups.empty()) return {};
  const bool descends = sort.ends_with(":desc");
  const std::string name = descends ? sort.substr(0, sort.size() - 5) : sort;
  const uint32_t parameter = measured.parameter(name);
  const Measurements::Series* series = series_named(measured, name);
  if (parameter == Measurements::kAbsent && series == nullptr) return unknown_name(measured, "--sort", name);
  // Numbers before texts; what has none comes last, whichever way it goes.
  struct Key {
    std::optional<double> number;
    std::string text;
  };
  const auto key_of = [&](const ResultGroup& group) -> Key {
    if (parameter == Measurements::kAbsent) {
      const MetricSummary& summary = group.metrics[static_cast<size_t>(series - measured.series.data())];
      return {summary.n > 0 ? std::optional(summary.mean) : std::nullopt, ""};
    }
    const std::string& text = measured.text(group.point, parameter);
    return {number_in(text), text};
  };
  std::stable_sort(conclusions.groups.begin(), conclusions.groups.end(),
                   [&](const ResultGroup& a, const ResultGroup& b) {
                     const Key left = key_of(a), right = key_of(b);
                     if (left.number.has_value() != right.number.has_value()) return left.number.has_value();
                     if (left.number && *left.number != *right.number)
                       return descends ? *left.number > *right.number : *left.number < *right.number;
                     return descends ? left.text > right.text : left.text < right.text;
                   });
  return {};
}

}  // namespace studyctl
