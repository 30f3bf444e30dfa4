#include "manifest/metric_reader.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "manifest/files_reader.h"

namespace studyctl {
namespace {

constexpr std::array<Field, 5> kMetricFields = {{{"name"}, {"from"}, {"take"}, {"unit"}, {"goal"}}};
constexpr std::array<Field, 7> kSourceFields = {
    {{"file"}, {"stdout"}, {"stderr"}, {"regex"}, {"pointer"}, {"column"}, {"take"}}};
constexpr std::array<std::pair<std::string_view, Take>, 7> kTakes = {{{"first", Take::First},
                                                                      {"last", Take::Last},
                                                                      {"min", Take::Min},
                                                                      {"max", Take::Max},
                                                                      {"sum", Take::Sum},
                                                                      {"mean", Take::Mean},
                                                                      {"count", Take::Count}}};
constexpr std::array<std::pair<std::string_view, Metric::Goal>, 2> kGoals = {
    {{"minimize", Metric::Goal::Minimize}, {"maximize", Metric::Goal::Maximize}}};

bool is_metric_name(std::string_view name) {
  const auto is_allowed = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
  };
  return !name.empty() && name.size() <= 63 &&
         (std::isalpha(static_cast<unsigned char>(name[0])) || name[0] == '_') &&
         std::all_of(name.begin(), name.end(), is_allowed);
}

// RFC 6901: empty, or parts that begin with /, where ~ is followed by 0 or 1.
bool is_json_pointer(std::string_view pointer) {
  if (!pointer.empty() && pointer[0] != '/') return false;
  for (size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '~' && (i + 1 == pointer.size() || (pointer[i + 1] != '0' && pointer[i + 1] != '1')))
      return false;
  }
  return true;
}

// `take` stands beside `from`, or within it where there is one source.
Take read_take(Reading& reading, const Fields& metric, const Item& from) {
  const auto beside = metric.choice<Take>("take", kTakes);
  std::optional<Take> within;
  for (const Item& source : one_or_list(from)) {
    const Node* take = source.node->find("take");
    if (!take) continue;
    const Item item{take, source.path + ".take"};
    if (from.node->kind == Node::Kind::Sequence) {
      reading.problems.add(take->place, item.path, "is one for all sources; move it beside `from`");
    } else if (metric.find("take")) {
      reading.problems.add(take->place, item.path, "is beside `from` already; keep one");
    } else {
      within = read_choice<Take>(reading.problems, item, kTakes);
    }
  }
  return beside.value_or(within.value_or(Take::First));
}

MetricSource read_source(Reading& reading, const Item& item, Groups groups) {
  const Fields fields(reading.problems, item, kSourceFields);
  const ReadFrom from = read_from(reading, fields);
  MetricSource source{from.from, from.file, {}, {}, {}};
  if (!fields.is_map()) return source;
  const auto regex = fields.find("regex");
  const auto pointer = fields.find("pointer");
  const auto column = fields.find("column");
  if ((regex ? 1 : 0) + (pointer ? 1 : 0) + (column ? 1 : 0) != 1) {
    reading.problems.add(item.node->place, item.path, "needs exactly one of regex, pointer and column");
  }
  if (regex) source.regex = read_regex(reading, *regex, groups).value_or("");
  source.pointer = fields.text("pointer").value_or("");
  if (pointer && !is_json_pointer(source.pointer)) {
    fields.problem("pointer",
                   "'" + shortened(source.pointer) + "' is no JSON pointer; write it as /latency/p50");
  } else if (pointer && pointer->node->is_scalar() && source.pointer.empty()) {
    fields.problem("pointer", "is empty, and so the whole document; write it as /latency/p50");
  }
  source.column = fields.text("column").value_or("");
  if (column && column->node->is_scalar() && column->node->text.empty())
    fields.problem("column", "is empty; name a column");
  return source;
}

}  // namespace

ReadFrom read_from(Reading& reading, const Fields& fields) {
  ReadFrom from;
  if (!fields.is_map()) return from;
  const bool out = fields.boolean("stdout").value_or(false);
  const bool err = fields.boolean("stderr").value_or(false);
  const auto file = fields.find("file");
  if ((out ? 1 : 0) + (err ? 1 : 0) + (file ? 1 : 0) != 1) {
    reading.problems.add(fields.place(), fields.path(),
                         "needs exactly one of file: NAME, stdout: true and stderr: true");
  }
  if (out) from.from = MetricSource::From::Stdout;
  if (err) from.from = MetricSource::From::Stderr;
  from.file = fields.text("file").value_or("");
  if (file && file->node->is_scalar() && !is_path_within(file->node->text)) {
    fields.problem("file", "must be a path or a pattern below the results: no / in front, no '.' or '..'");
  }
  return from;
}

Metric read_metric(Reading& reading, const Item& item) {
  const Fields fields(reading.problems, item, kMetricFields);
  Metric metric;
  fields.require("name", "name the metric");
  metric.name = fields.text("name").value_or("");
  if (fields.find("name") && !metric.name.empty() && !is_metric_name(metric.name)) {
    fields.problem("name",
                   "'" + shortened(metric.name) +
                       "' cannot name a metric; use letters, digits, _ - and ., a letter first, 63 at most");
  }
  metric.unit = fields.text("unit").value_or("");
  metric.goal = fields.choice<Metric::Goal>("goal", kGoals).value_or(Metric::Goal::None);
  const auto from = fields.require("from", "say where it stands: {file: result.json, pointer: /latency}");
  if (!from) return metric;
  metric.take = read_take(reading, fields, *from);
  const Groups groups = metric.take == Take::Count ? Groups::None : Groups::One;
  for (const Item& source : one_or_list(*from)) {
    metric.sources.push_back(read_source(reading, source, groups));
  }
  if (metric.sources.empty()) fields.problem("from", "is empty; give it a source");
  return metric;
}

}  // namespace studyctl
