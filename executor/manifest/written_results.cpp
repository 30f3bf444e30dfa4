#include "manifest/written_study.h"

namespace studyctl {
namespace {

std::string_view word(Take take) {
  switch (take) {
    case Take::First: return "first";
    case Take::Last: return "last";
    case Take::Min: return "min";
    case Take::Max: return "max";
    case Take::Sum: return "sum";
    case Take::Mean: return "mean";
    case Take::Count: return "count";
  }
  return "first";
}

void add_text(Written::Map& map, const char* name, const std::string& text) {
  if (!text.empty()) map.emplace_back(name, Written::text(text));
}

Written::Map read_from(MetricSource::From from, const std::string& file) {
  switch (from) {
    case MetricSource::From::Stdout: return {{"stdout", Written::boolean(true)}};
    case MetricSource::From::Stderr: return {{"stderr", Written::boolean(true)}};
    case MetricSource::From::File: break;
  }
  return {{"file", Written::text(file)}};
}

Written source(const MetricSource& source) {
  Written::Map map = read_from(source.from, source.file);
  add_text(map, "regex", source.regex);
  add_text(map, "pointer", source.pointer);
  add_text(map, "column", source.column);
  return {std::move(map)};
}

Written metric(const Metric& metric) {
  Written::Map map{{"name", Written::text(metric.name)}};
  Written::List sources;
  for (const MetricSource& one : metric.sources) sources.push_back(source(one));
  map.emplace_back("from", sources.size() == 1 ? std::move(sources[0]) : Written{std::move(sources)});
  map.emplace_back("take", Written::text(word(metric.take)));
  add_text(map, "unit", metric.unit);
  if (metric.goal == Metric::Goal::Minimize) map.emplace_back("goal", Written::text("minimize"));
  if (metric.goal == Metric::Goal::Maximize) map.emplace_back("goal", Written::text("maximize"));
  return {std::move(map)};
}

Written checks(const std::vector<ContentCheck>& checks) {
  Written::List list;
  for (const ContentCheck& check : checks) {
    Written::Map map = read_from(check.from, check.file);
    add_text(map, "regex", check.regex);
    list.push_back({std::move(map)});
  }
  return {std::move(list)};
}

}  // namespace

Written written_results(const ResultRules& results) {
  Written::List required, metrics;
  for (const std::string& file : results.required) required.push_back(Written::text(file));
  for (const Metric& one : results.metrics) metrics.push_back(metric(one));
  return {Written::Map{{"path", Written::text(results.path)},
                       {"required", Written{std::move(required)}},
                       {"success", checks(results.success)},
                       {"failure", checks(results.failure)},
                       {"metrics", Written{std::move(metrics)}}}};
}

}  // namespace studyctl
