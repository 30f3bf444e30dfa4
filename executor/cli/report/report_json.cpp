#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/report/report.h"
#include "study/results_flags.h"
#include "study/run_text.h"

namespace studyctl {
namespace {

using nlohmann::ordered_json;

// A page that a browser opens at once.
constexpr size_t kMostLevels = 60, kMostPairAxes = 4, kMostSpans = 3000, kMostRows = 2000;

ordered_json number_or_null(double value) {
  return std::isfinite(value) ? ordered_json(value) : ordered_json(nullptr);
}

ordered_json cell_of(const MetricSummary& summary) {
  if (summary.n == 0) return nullptr;
  const double none = std::nan("");
  const Interval interval = summary.mean_interval.value_or(Interval{none, none});
  return {{"mean", number_or_null(summary.mean)},
          {"low", number_or_null(interval.low)},
          {"high", number_or_null(interval.high)},
          {"n", summary.n}};
}

// An axis of the plots: a parameter that varies, its levels in order.
struct ReportAxis {
  uint32_t parameter;
  std::vector<std::string> levels;
  std::map<std::string, size_t> places;
};

class ReportData {
 public:
  ReportData(const ResultsQuery& query, const Measurements& measured, std::string flagged)
      : query_(query), measured_(measured), flagged_(std::move(flagged)) {}

  Result<ordered_json> make() {
    ordered_json data;
    data["study"] = to_utf8(query_.chosen.run.record.study);
    data["facts"] = facts();
    data["warnings"] = ordered_json::array();
    for (const MetricDrift& drift : drifts_of(measured_)) data["warnings"].push_back(drift_text(drift));
    if (!flagged_.empty()) data["warnings"].push_back(flagged_);
    data["metrics"] = ordered_json::array();
    for (const auto& series : measured_.series)
      data["metrics"].push_back({{"name", series.name}, {"unit", series.unit}});
    data["axes"] = ordered_json::array();
    data["pairs"] = ordered_json::array();
    auto whole = conclude(measured_, {});
    if (!whole) return std::move(whole).error();
    for (const uint32_t parameter : whole->by)
      if (auto axis = axis_of(parameter)) data["axes"].push_back(*std::move(axis));
    for (size_t x = 0; x < std::min(axes_.size(), kMostPairAxes); ++x)
      for (size_t y = x + 1; y < std::min(axes_.size(), kMostPairAxes); ++y)
        data["pairs"].push_back(pair_of(x, y));
    data["table"] = table_of(*whole);
    auto timeline = timeline_of();
    if (!timeline) return std::move(timeline).error();
    data["timeline"] = *std::move(timeline);
    return data;
  }

 private:
  ordered_json facts() const {
    const RunSummary& run = query_.chosen.run;
    ordered_json facts = ordered_json::array();
    const auto fact = [&](const char* label, const std::string& value) {
      if (!value.empty()) facts.push_back({label, printable(value)});
    };
    fact("run", run.record.directory + " (" + run.record.id + ")");
    fact("state", std::string(name_of(run.state)) + (run.message.empty() ? "" : ": " + run.message));
    fact("repetitions", counts_text(run.counts));
    fact("started", instant_text(run.started_at));
    fact("finished", instant_text(run.finished_at));
    if (const auto usage = query_.chosen.catalog.usage(run.record.id)) fact("spent", usage_text(*usage));
    return facts;
  }

  std::vector<std::string> names(const std::vector<uint32_t>& parameters) const {
    std::vector<std::string> names;
    for (const uint32_t one : parameters) names.push_back(measured_.parameters[one].name);
    return names;
  }

  // Nothing where it has more levels than a plot can show.
  std::optional<ordered_json> axis_of(uint32_t parameter) {
    auto conclusions = conclude(measured_, {names({parameter}), {}, 0});
    if (!conclusions || conclusions->groups.size() > kMostLevels) return std::nullopt;
    (void)sort_groups(measured_, *conclusions, measured_.parameters[parameter].name);
    ReportAxis axis{parameter, {}, {}};
    ordered_json metrics = ordered_json::array();
    for (size_t series = 0; series < measured_.series.size(); ++series) {
      metrics.push_back(ordered_json::array());
      for (const ResultGroup& group : conclusions->groups)
        metrics.back().push_back(cell_of(group.metrics[series]));
    }
    bool numeric = true;
    for (const ResultGroup& group : conclusions->groups) {
      const std::string& text = measured_.text(group.point, parameter);
      numeric = numeric && number_in(text);
      axis.places[text] = axis.levels.size();
      axis.levels.push_back(text.empty() ? "(none)" : printable(text));
    }
    ordered_json json = {{"name", measured_.parameters[parameter].name},
                         {"levels", axis.levels},
                         {"numeric", numeric},
                         {"metrics", std::move(metrics)}};
    axes_.push_back(std::move(axis));
    return json;
  }

  ordered_json pair_of(size_t x, size_t y) const {
    const ReportAxis &across = axes_[x], &up = axes_[y];
    const auto conclusions = conclude(measured_, {names({across.parameter, up.parameter}), {}, 0});
    ordered_json metrics = ordered_json::array();
    for (size_t series = 0; series < measured_.series.size(); ++series) {
      metrics.push_back(ordered_json::array());
      for (const ResultGroup& group : conclusions->groups) {
        const MetricSummary& summary = group.metrics[series];
        if (summary.n > 0 && std::isfinite(summary.mean))
          metrics.back().push_back({across.places.at(measured_.text(group.point, across.parameter)),
                                    up.places.at(measured_.text(group.point, up.parameter)), summary.mean,
                                    summary.n});
      }
    }
    return {{"x", x}, {"y", y}, {"metrics", std::move(metrics)}};
  }

  ordered_json table_of(const Conclusions& conclusions) const {
    ordered_json headings = ordered_json::array(), rows = ordered_json::array();
    size_t count = 0;
    each_table_row({measured_, conclusions}, true, [&](const Row& cells) {
      if (count == 0) headings = cells;
      if (count > 0 && count <= kMostRows) rows.push_back(cells);
      ++count;
    });
    const std::string note = count > kMostRows + 1 ? "The first " + std::to_string(kMostRows) + " of " +
                                                         std::to_string(count - 1) +
                                                         " rows; `studyctl results -o csv` has them all."
                                                   : "";
    return {{"headings", std::move(headings)}, {"rows", std::move(rows)}, {"note", note}};
  }

  // An attempt is drawn on each device that it had; one without, on the first lane that is free.
  Result<ordered_json> timeline_of() const {
    std::vector<std::string> lanes;
    std::map<std::string, size_t> place_of;
    std::vector<Instant> free_at;  // of the lanes without a device, by place; else the far past
    ordered_json spans = ordered_json::array();
    size_t left_out = 0;
    const auto lane_named = [&](const std::string& name) {
      const auto [at, is_new] = place_of.try_emplace(name, lanes.size());
      if (is_new) lanes.push_back(printable(name));
      return at->second;
    };
    const Instant begin = query_.chosen.run.started_at.value_or(query_.chosen.run.record.created_at);
    const auto since = [&](Instant at) { return std::chrono::duration<double>(at - begin).count(); };
    const auto add = [&](const RanAttempt& ran) {
      if (spans.size() >= kMostSpans) return void(++left_out);
      std::vector<size_t> own;
      for (const std::string& device : ran.devices) own.push_back(lane_named(device));
      if (own.empty()) {
        size_t slot = 0;
        while (slot < free_at.size() && free_at[slot] > ran.started_at) ++slot;
        if (slot == free_at.size()) free_at.push_back({});
        free_at[slot] = ran.finished_at;
        own.push_back(lane_named("place " + std::to_string(slot + 1)));
      }
      for (const size_t lane : own)
        spans.push_back({{"lane", lane},
                         {"name", ran.experiment + " cycle " + std::to_string(ran.cycle) + " attempt " +
                                      std::to_string(ran.attempt)},
                         {"state", ran.state},
                         {"from", since(ran.started_at)},
                         {"to", since(ran.finished_at)}});
    };
    if (auto read = query_.chosen.catalog.ran_attempts(query_.chosen.run.record.id, add); !read)
      return std::move(read).error();
    const std::string note = left_out == 0 ? "" : std::to_string(left_out) + " later attempts are not drawn.";
    return ordered_json{{"lanes", lanes}, {"spans", std::move(spans)}, {"note", note}};
  }

  const ResultsQuery& query_;
  const Measurements& measured_;
  std::string flagged_;  // what is said of flagged repetitions
  std::vector<ReportAxis> axes_;
};

// No `<` is left: nothing in the data can end the element that it stands in, or begin another.
std::string json_in_html(const ordered_json& json) {
  std::string safe;
  for (const char c : json.dump(-1, ' ', true, ordered_json::error_handler_t::replace))
    safe += c == '<' ? std::string("\\u003c") : std::string(1, c);
  return safe;
}

}  // namespace

Result<std::string> report_of(const ResultsQuery& query) {
  auto measured = measurements_of(query);
  if (!measured) return std::move(measured).error();
  const std::string flagged = flags_text(query, clean(query, *measured));
  auto data = ReportData(query, *measured, flagged).make();
  if (!data) return std::move(data).error();
  std::string page(report_page());
  const auto put = [&](std::string_view mark, std::string_view text) {
    page.replace(page.find(mark), mark.size(), text);
  };
  // The data last: a parameter may be called as a mark is.
  put("@CHART_JS@", chart_library());
  put("@DATA@", json_in_html(*data));
  return page;
}

}  // namespace studyctl
