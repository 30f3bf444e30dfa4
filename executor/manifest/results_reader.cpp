#include "manifest/results_reader.h"

#include <array>
#include <map>

#include "manifest/files_reader.h"
#include "manifest/metric_reader.h"

namespace studyctl {
namespace {

constexpr std::array<Field, 5> kResultFields = {
    {{"path"}, {"required"}, {"success"}, {"failure"}, {"metrics"}}};
constexpr std::array<Field, 4> kCheckFields = {{{"file"}, {"stdout"}, {"stderr"}, {"regex"}}};

std::vector<ContentCheck> read_checks(Reading& reading, const Fields& results, std::string_view name) {
  std::vector<ContentCheck> checks;
  for (const Item& item : results.list(name)) {
    const Fields fields(reading.problems, item, kCheckFields);
    const ReadFrom from = read_from(reading, fields);
    ContentCheck check{from.from, from.file, {}};
    if (const auto regex = fields.require("regex", "say what must stand there, or must not")) {
      check.regex = read_regex(reading, *regex, Groups::None).value_or("");
    }
    checks.push_back(std::move(check));
  }
  return checks;
}

std::vector<Metric> read_metrics(Reading& reading, const Fields& results) {
  std::vector<Metric> metrics;
  std::map<std::string, Place> places;
  for (const Item& item : results.list("metrics")) {
    Metric metric = read_metric(reading, item);
    const auto [first, is_new] = places.emplace(metric.name, item.node->place);
    if (!is_new && !metric.name.empty()) {
      reading.problems.add(item.node->place, item.path,
                           "is called " + metric.name + " as that at " +
                               reading.problems.source().describe(first->second) + "; use another name");
    }
    metrics.push_back(std::move(metric));
  }
  return metrics;
}

void check_path(const Fields& fields, const std::string& path) {
  const bool is_study = path == "/study" || path.starts_with("/study/");
  if (!path.starts_with('/') || path == "/" || has_dot_dot(path)) {
    fields.problem("path",
                   "must be an absolute directory of the container like /results, is " + shortened(path));
  } else if (is_study) {
    fields.problem("path", "/study is read-only and holds the files; use another directory");
  }
}

}  // namespace

ResultRules read_results(Reading& reading, const Item& item) {
  const Fields fields(reading.problems, item, kResultFields);
  ResultRules rules;
  if (const auto path = fields.text("path")) {
    check_path(fields, *path);
    rules.path = *path;
  }
  for (const Item& file : fields.list("required")) {
    const auto text = read_text(reading.problems, file);
    if (!text) continue;
    if (!is_path_within(*text)) {
      reading.problems.add(file.node->place, file.path,
                           "must be a path below the results: no / in front, no '.' or '..'");
    }
    rules.required.push_back(*text);
  }
  rules.success = read_checks(reading, fields, "success");
  rules.failure = read_checks(reading, fields, "failure");
  rules.metrics = read_metrics(reading, fields);
  return rules;
}

}  // namespace studyctl
