#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "manifest/parts.h"

namespace studyctl {
namespace {

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

// Where a metric or a check reads: of a MetricSource or a ContentCheck.
void read_place(Fields& fields, MetricSource::From& from, std::string& name) {
  if (!fields.is_map()) return;
  bool out = false;
  bool err = false;
  fields.flag("stdout", out);
  fields.flag("stderr", err);
  if ((out ? 1 : 0) + (err ? 1 : 0) + (fields.find("file") ? 1 : 0) != 1) {
    fields.problems().add(fields.place(), fields.path(),
                          "needs exactly one of file: NAME, stdout: true and stderr: true");
  }
  if (out) from = MetricSource::From::Stdout;
  if (err) from = MetricSource::From::Stderr;
  fields.text("file", name);
  if (fields.has_text("file") && !is_path_within(name)) {
    fields.problem("file", "must be a path or a pattern below the results: no / in front, no '.' or '..'");
  }
}

constexpr auto kPlace = [](auto& io, auto& source) {
  io.when_read([&](auto& fields) { read_place(fields, source.from, source.file); });
  io.when_written([&](auto& out) {
    if (source.from == MetricSource::From::Stdout) out.flag("stdout", true);
    if (source.from == MetricSource::From::Stderr) out.flag("stderr", true);
    out.text("file", source.file);
  });
};

constexpr auto kCheck = [](auto& io, auto& check) {
  kPlace(io, check);
  io.require("regex", "say what must stand there, or must not");
  io.when_read([&](auto& fields) { read_regex(fields, "regex", check.regex, Groups::None); });
  io.when_written([&](auto& out) { out.text("regex", check.regex); });
};

void read_source(Fields& fields, MetricSource& source, Groups groups) {
  kPlace(fields, source);
  fields.find("take");  // of read_take()
  if (!fields.is_map()) return;
  const auto count = [&](std::string_view name) { return fields.find(name) ? 1 : 0; };
  if (count("regex") + count("pointer") + count("column") != 1) {
    fields.problems().add(fields.place(), fields.path(), "needs exactly one of regex, pointer and column");
  }
  read_regex(fields, "regex", source.regex, groups);
  fields.text("pointer", source.pointer);
  if (!is_json_pointer(source.pointer)) {
    fields.problem("pointer",
                   "'" + shortened(source.pointer) + "' is no JSON pointer; write it as /latency/p50");
  } else if (fields.has_text("pointer") && source.pointer.empty()) {
    fields.problem("pointer", "is empty, and so the whole document; write it as /latency/p50");
  }
  fields.text("column", source.column);
  if (fields.has_text("column") && source.column.empty()) fields.problem("column", "is empty; name a column");
}

Written written_source(const MetricSource& source) {
  FieldWriter out;
  kPlace(out, source);
  out.text("regex", source.regex);
  out.text("pointer", source.pointer);
  out.text("column", source.column);
  return out.take();
}

// `take` stands beside `from`, or within it where there is one source.
void read_take(Fields& metric, const Item& from, Take& take) {
  const bool is_beside = metric.find("take").has_value();
  metric.choice("take", take, kTakes);
  for (const Item& source : one_or_list(from)) {
    const Node* within = source.node->find("take");
    if (!within) continue;
    if (from.node->kind == Node::Kind::Sequence) {
      metric.problems().add(within->place, source.path + ".take",
                            "is one for all sources; move it beside `from`");
    } else if (is_beside) {
      metric.problems().add(within->place, source.path + ".take", "is beside `from` already; keep one");
    } else {
      read_choice(metric.problems(), {within, source.path + ".take"}, take, kTakes);
    }
  }
}

void read_metric(Fields& fields, Metric& metric) {
  if (fields.has_text("name") && !is_metric_name(metric.name)) {
    fields.problem("name",
                   "'" + shortened(metric.name) +
                       "' cannot name a metric; use letters, digits, _ - and ., a letter first, 63 at most");
  }
  const auto from = fields.require("from", "say where it stands: {file: result.json, pointer: /latency}");
  fields.find("take");
  if (!from) return;
  read_take(fields, *from, metric.take);
  const Groups groups = metric.take == Take::Count ? Groups::None : Groups::One;
  for (const Item& item : one_or_list(*from)) {
    Fields source(fields.reading(), item);
    read_source(source, metric.sources.emplace_back(), groups);
  }
  if (metric.sources.empty()) fields.problem("from", "is empty; give it a source");
}

void write_metric(FieldWriter& out, const Metric& metric) {
  Written::List sources;
  for (const MetricSource& one : metric.sources) sources.push_back(written_source(one));
  out.put("from", sources.size() == 1 ? std::move(sources[0]) : Written{std::move(sources)});
  out.choice("take", metric.take, kTakes);
}

constexpr auto kMetric = [](auto& io, auto& metric) {
  io.require("name", "name the metric");
  io.text("name", metric.name);
  io.when_read([&](auto& fields) { read_metric(fields, metric); });
  io.when_written([&](auto& out) { write_metric(out, metric); });
  io.text("unit", metric.unit);
  io.choice("goal", metric.goal, kGoals);
};

void check_path(Fields& fields, const std::string& path) {
  if (!path.starts_with('/') || path == "/" || has_dot_dot(path)) {
    fields.problem("path",
                   "must be an absolute directory of the container like /results, is " + shortened(path));
  } else if (path == "/study" || path.starts_with("/study/")) {
    fields.problem("path", "/study is read-only and holds the files; use another directory");
  }
}

std::optional<std::string> read_required(Reading& reading, const Item& item) {
  auto text = read_text(reading.problems, item);
  if (text && !is_path_within(*text)) {
    reading.problems.add(item.node->place, item.path,
                         "must be a path below the results: no / in front, no '.' or '..'");
  }
  return text;
}

void check_names(Fields& fields, const std::vector<Metric>& metrics) {
  const auto list = fields.find("metrics");
  const std::vector<Item> items = list ? one_or_list(*list) : std::vector<Item>{};
  Names names(fields.problems());
  for (size_t i = 0; i < metrics.size(); ++i) names.add(items[i], metrics[i].name);
}

constexpr auto kResults = [](auto& io, auto& rules) {
  io.text("path", rules.path);
  io.when_read([&](auto& fields) { check_path(fields, rules.path); });
  io.items("required", rules.required, read_required, Written::text);
  io.list("success", rules.success, kCheck);
  io.list("failure", rules.failure, kCheck);
  io.list("metrics", rules.metrics, kMetric);
  io.when_read([&](auto& fields) { check_names(fields, rules.metrics); });
};

}  // namespace

void read_results(Fields& spec, ResultRules& results) {
  spec.map("results", results, kResults);
}

Written written_results(const ResultRules& results) {
  FieldWriter out;
  kResults(out, results);
  return out.take();
}

}  // namespace studyctl
