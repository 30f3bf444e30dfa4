#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "base/text.h"
#include "cli/listing.h"
#include "cli/results_flags.h"
#include "cli/results_text.h"
#include "cli/table.h"
#include "cli/written_json.h"
#include "store/results_csv.h"

namespace studyctl {
namespace {

using Standing = MetricSummary::Standing;

// One thing that is said of a metric in a group.
struct Field {
  enum class Shown : uint8_t { Table, Wide, Data };  // in every table, with -o wide, in none
  const char* key;
  const char* heading;
  Shown shown = Shown::Data;
  Written data;
  std::string text{};
  bool is_interval = false;  // its data are two numbers, or null
};

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

Field number(const char* key, const char* heading, Field::Shown shown, double value) {
  return {key, heading, shown, written_number(value), short_number(value)};
}

Field interval_of(const char* key, const char* heading, Field::Shown shown,
                  const std::optional<Interval>& interval, std::string text) {
  return {key, heading, shown, written_interval(interval), std::move(text), true};
}

std::vector<Field> fields_of(const Measurements::Series& series, const MetricSummary& summary,
                             bool has_baseline) {
  using Shown = Field::Shown;
  const Shown less = has_baseline ? Shown::Wide : Shown::Table;
  const auto standing = [&](const char* best, const char* tied) {
    return summary.standing == Standing::Best ? best : summary.standing == Standing::Tied ? tied : "";
  };
  std::vector<Field> fields = {
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

// All rows of an answer, each group's parameters before the fields of one of its metrics.
class Answer {
 public:
  explicit Answer(const Concluded& concluded)
      : measured_(concluded.measured),
        conclusions_(concluded.conclusions),
        has_baseline_(concluded.has_baseline) {}

  template <class Visit>
  void each(const Visit& visit) const {
    for (const ResultGroup& group : conclusions_.groups)
      for (size_t i = 0; i < group.metrics.size(); ++i)
        if (group.metrics[i].n > 0)
          visit(group, fields_of(measured_.series[i], group.metrics[i], has_baseline_));
  }
  std::vector<std::string> parameter_cells(const ResultGroup& group) const {
    std::vector<std::string> cells;
    for (const uint32_t parameter : conclusions_.by) cells.push_back(measured_.text(group.point, parameter));
    return cells;
  }
  std::vector<std::string> parameter_names() const {
    std::vector<std::string> names;
    for (const uint32_t parameter : conclusions_.by) names.push_back(measured_.parameters[parameter].name);
    return names;
  }

  // Headings first.
  void each_table_row(bool wide, const std::function<void(Row)>& visit) const {
    bool first = true;
    each([&](const ResultGroup& group, const std::vector<Field>& fields) {
      Row head = parameter_names(), cells = parameter_cells(group);
      for (const Field& field : fields) {
        if (field.shown == Field::Shown::Data || (field.shown == Field::Shown::Wide && !wide)) continue;
        // Without a goal there is no best.
        if (std::string_view(field.key) == "standing" && !has_goal()) continue;
        head.emplace_back(field.heading);
        cells.push_back(field.text);
      }
      if (std::exchange(first, false)) visit(std::move(head));
      visit(std::move(cells));
    });
  }

  void print_csv(std::FILE* to) const {
    bool first = true;
    each([&](const ResultGroup& group, const std::vector<Field>& fields) {
      Row head = parameter_names(), cells = parameter_cells(group);
      for (const Field& field : fields) add_data(field, head, cells);
      if (std::exchange(first, false)) std::fprintf(to, "%s", csv_line(head).c_str());
      std::fprintf(to, "%s", csv_line(cells).c_str());
    });
  }

  Written data_of(const ResultGroup& group, const std::vector<Field>& fields) const {
    Written::Map parameters, map;
    const Row names = parameter_names(), cells = parameter_cells(group);
    for (size_t i = 0; i < names.size(); ++i) parameters.emplace_back(names[i], Written::text(cells[i]));
    map.emplace_back("parameters", Written{std::move(parameters)});
    for (const Field& field : fields) map.emplace_back(field.key, field.data);
    return {std::move(map)};
  }

  bool has_goal() const {
    return std::any_of(measured_.series.begin(), measured_.series.end(),
                       [](const auto& series) { return series.goal != Metric::Goal::None; });
  }

 private:
  static void add_data(const Field& field, Row& head, Row& cells) {
    const auto text = [](const Written& data) -> std::string {
      if (const auto* string = std::get_if<std::string>(&data.data)) return *string;
      const auto* literal = std::get_if<Written::Literal>(&data.data);
      return literal == nullptr || literal->text == "null" ? "" : literal->text;
    };
    if (!field.is_interval) {
      head.emplace_back(field.key);
      cells.push_back(text(field.data));
      return;
    }
    head.insert(head.end(), {std::string(field.key) + "_low", std::string(field.key) + "_high"});
    const auto* ends = std::get_if<Written::List>(&field.data.data);
    cells.push_back(ends == nullptr ? "" : text(ends->front()));
    cells.push_back(ends == nullptr ? "" : text(ends->back()));
  }

  const Measurements& measured_;
  const Conclusions& conclusions_;
  bool has_baseline_;
};

void print_markdown(const Answer& answer, std::FILE* to) {
  bool first = true;
  answer.each_table_row(false, [&](const Row& cells) {
    std::string line = "|", rule = "|";
    for (const std::string& cell : cells) {
      std::string text = printable(cell);
      for (size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, "\\");
      line += " " + text + " |";
      rule += " --- |";
    }
    std::fprintf(to, "%s\n", line.c_str());
    if (std::exchange(first, false)) std::fprintf(to, "%s\n", rule.c_str());
  });
}

void print_table(const Answer& answer, bool wide, std::FILE* to) {
  std::optional<Table> table;
  answer.each_table_row(wide, [&](Row cells) {
    if (table) return table->row(std::move(cells));
    table.emplace(to, std::move(cells));
  });
}

Written written_tally(const FlagTally& tally, bool left_out) {
  Written::Map reasons;
  for (const auto& [flag, count] : tally.by_flag) reasons.emplace_back(flag, written_of(count));
  return {Written::Map{{"repetitions", written_of(tally.repetitions)},
                       {"flags", {std::move(reasons)}},
                       {"left_out", Written::boolean(left_out)}}};
}

// What is said beside the rows.
struct Remarks {
  const std::vector<MetricDrift>& drifts;
  Written flagged;
};

void print_list(const Answer& answer, const Remarks& remarks, Output output, std::FILE* to) {
  Written::List items, moving;
  answer.each([&](const ResultGroup& group, const std::vector<Field>& fields) {
    items.push_back(answer.data_of(group, fields));
  });
  for (const MetricDrift& drift : remarks.drifts)
    moving.push_back({Written::Map{{"metric", Written::text(drift.metric)},
                                   {"per_hour", written_number(drift.drift.per_hour)},
                                   {"p_value", written_number(drift.drift.p_value)}}});
  print_data(to, output,
             {Written::Map{{"apiVersion", Written::text("studyctl.io/v1alpha1")},
                           {"kind", Written::text("List")},
                           {"drift", {std::move(moving)}},
                           {"flagged", remarks.flagged},
                           {"items", {std::move(items)}}}});
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

void each_table_row(const Concluded& concluded, bool wide, const std::function<void(Row)>& visit) {
  Answer(concluded).each_table_row(wide, visit);
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

Result<void> print_conclusions(const ResultsQuery& query, const ConclusionsQuery& asked, ResultsOutput output,
                               std::FILE* to) {
  auto measured = measurements_of(query);
  if (!measured) return std::move(measured).error();
  const FlagTally flagged = clean(query, *measured);
  auto conclusions = conclude(*measured, asked.question);
  if (!conclusions) return std::move(conclusions).error();
  narrow(*measured, query.where, *conclusions);
  if (auto sorted = sort_groups(*measured, *conclusions, asked.sort); !sorted) return sorted;
  const std::vector<MetricDrift> drifts = drifts_of(*measured);
  const Remarks remarks{drifts, written_tally(flagged, query.clean)};
  const Answer answer({*measured, *conclusions, !asked.question.baseline.empty()});
  switch (output) {
    case ResultsOutput::Csv: answer.print_csv(to); break;
    case ResultsOutput::Markdown: print_markdown(answer, to); break;
    case ResultsOutput::Json: print_list(answer, remarks, Output::Json, to); break;
    case ResultsOutput::Yaml: print_list(answer, remarks, Output::Yaml, to); break;
    case ResultsOutput::JsonLines:
      answer.each([&](const ResultGroup& group, const std::vector<Field>& fields) {
        std::fprintf(to, "%s\n", json_of(answer.data_of(group, fields), Keys::AsWritten).c_str());
      });
      break;
    default: print_table(answer, output == ResultsOutput::Wide, to);
  }
  std::fflush(to);
  for (const MetricDrift& drift : drifts)
    std::fprintf(stderr, "warning: %s\n", printable(drift_text(drift)).c_str());
  if (const std::string text = flags_text(query, flagged); !text.empty())
    std::fprintf(stderr, "%s\n", text.c_str());
  return {};
}

}  // namespace studyctl
