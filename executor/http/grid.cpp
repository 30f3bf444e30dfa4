#include "http/grid.h"

#include <algorithm>
#include <cmath>
#include <list>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "control/experiments.h"
#include "http/problem.h"
#include "http/query.h"
#include "study/applied_manifest.h"
#include "study/plan_levels.h"
#include "study/selection.h"

namespace studyctl {
namespace {

using Json = nlohmann::ordered_json;
using Counts = std::array<uint32_t, kRepetitionStates>;

constexpr uint64_t kMostExperiments = 1'000'000;
constexpr uint64_t kMostCells = 10'000;
constexpr size_t kMostRuns = 4;  // that are kept
constexpr int kPatience = 5;     // states are shown for so many times as long as it takes to read them

// Of each experiment.
struct States {
  std::vector<Counts> of;
  Instant updated_at;
  Steady read_at{};
  Duration took{0};
};

struct MetricMeans {
  std::string metric;
  std::vector<double> sums;
  std::vector<uint32_t> numbers;
};

struct RunCells {
  std::string run_id;
  uint32_t generation = 0;
  std::unique_ptr<LoadedStudy> study;
  PlanLevels levels;
  States states;
  MetricMeans means;
};

Result<void> read_states(const ChosenRun& chosen, RunCells& cells) {
  const SystemClock clock;
  States& states = cells.states;
  const bool is_known = states.of.size() == cells.study->plan->size();
  if (is_known && (states.updated_at == chosen.run.updated_at ||
                   clock.steady() - states.read_at < kPatience * states.took))
    return {};
  const Steady began = clock.steady();
  states.of.assign(cells.study->plan->size(), {});
  auto read = chosen.catalog.states_of(
      chosen.run.record.id, [&](uint64_t index, RepetitionState state, uint64_t repetitions) {
        if (index < states.of.size())
          states.of[index].at(static_cast<size_t>(state)) += static_cast<uint32_t>(repetitions);
      });
  if (!read) return read;
  const uint32_t cycles = cells.study->study().execution.cycles;
  const auto rest = static_cast<size_t>(state_of_never_started(chosen.run));
  for (Counts& counts : states.of) {
    uint32_t started = 0;
    for (const uint32_t count : counts) started += count;
    if (started < cycles) counts.at(rest) += cycles - started;
  }
  states.updated_at = chosen.run.updated_at;
  states.read_at = clock.steady();
  states.took = std::chrono::duration_cast<Duration>(states.read_at - began);
  cells.means.metric.clear();
  return {};
}

Result<void> read_means(const ChosenRun& chosen, const std::string& metric, RunCells& cells) {
  MetricMeans& means = cells.means;
  if (metric.empty()) means.metric.clear();
  if (means.metric == metric) return {};
  means = {metric, std::vector<double>(cells.states.of.size()),
           std::vector<uint32_t>(cells.states.of.size())};
  return chosen.catalog.values_of(chosen.run.record.id, metric, [&](uint64_t index, double value) {
    if (index >= means.sums.size()) return;
    means.sums[index] += value;
    ++means.numbers[index];
  });
}

// What a cell comes to.
struct Cell {
  Counts counts{};
  uint64_t first = UINT64_MAX;
  uint64_t size = 0;
  double sum = 0;
  uint64_t numbers = 0;
};

// Which values of a parameter are shown, or which experiments.
struct Window {
  const PlanLevels::Parameter* parameter = nullptr;
  uint64_t total = 1;
  uint64_t from = 0;
  uint64_t count = 1;

  uint64_t shown() const { return from >= total ? 0 : std::min(count, total - from); }
  uint64_t place_of(uint64_t index) const {
    if (parameter == nullptr) return 0;
    const uint32_t level = parameter->at[index];
    return level == PlanLevels::kAbsent ? parameter->levels.size() : level;
  }
};

Result<uint64_t> number_of(const ApiRequest& request, const char* name, uint64_t otherwise) {
  const auto found = request.query.find(name);
  if (found == request.query.end()) return otherwise;
  uint64_t value = 0;
  if (read_number(found->second, value)) return value;
  return Error{ErrorCode::Invalid,
               std::string("?") + name + "=" + printable(found->second) + ": is no number"};
}

std::string text_of(const ApiRequest& request, const char* name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? "" : found->second;
}

Result<Window> window_of(const ApiRequest& request, const std::string& axis, const PlanLevels& levels) {
  const std::string name = text_of(request, axis.c_str());
  if (name.empty()) return Window();
  Window window;
  window.parameter = levels.find(name);
  if (window.parameter == nullptr)
    return Error{ErrorCode::Invalid,
                 "?" + axis + "=" + printable(name) + ": no experiment has such a parameter"};
  const auto& at = window.parameter->at;
  const bool some_have_none = std::find(at.begin(), at.end(), PlanLevels::kAbsent) != at.end();
  window.total = window.parameter->levels.size() + (some_have_none ? 1 : 0);
  const auto from = number_of(request, (axis + "From").c_str(), 0);
  const auto count = number_of(request, (axis + "Count").c_str(), 100);
  if (!from || !count) return (from ? count : from).error();
  window.from = *from;
  window.count = *count;
  return window;
}

Json labels_of(const Window& window) {
  Json labels = Json::array();
  const auto& levels = window.parameter->levels;
  for (uint64_t place = window.from; place < window.from + window.shown(); ++place)
    labels.push_back(place < levels.size() ? to_utf8(levels[place]) : "(none)");
  return {{"name", to_utf8(window.parameter->name)},
          {"total", window.total},
          {"from", window.from},
          {"labels", std::move(labels)}};
}

Json facts_of(const RunCells& cells) {
  Json parameters = Json::array(), metrics = Json::array(), states = Json::array();
  for (const PlanLevels::Parameter& one : cells.levels.parameters)
    parameters.push_back({{"name", to_utf8(one.name)}, {"levels", one.levels.size()}});
  for (const Metric& one : cells.study->study().results.metrics)
    metrics.push_back({{"name", to_utf8(one.name)}, {"unit", to_utf8(one.unit)}});
  for (size_t i = 0; i < kRepetitionStates; ++i) states.push_back(name_of(static_cast<RepetitionState>(i)));
  return {{"experiments", cells.states.of.size()},
          {"cycles", cells.study->study().execution.cycles},
          {"parameters", std::move(parameters)},
          {"metrics", std::move(metrics)},
          {"states", std::move(states)}};
}

void add(const RunCells& cells, uint64_t index, Cell& to) {
  for (size_t i = 0; i < kRepetitionStates; ++i) to.counts.at(i) += cells.states.of[index].at(i);
  to.first = std::min(to.first, index);
  ++to.size;
  if (cells.means.metric.empty()) return;
  to.sum += cells.means.sums[index];
  to.numbers += cells.means.numbers[index];
}

void write_cells(const std::vector<Cell>& cells, bool with_values, Json& to) {
  Json all = Json::array(), first = Json::array(), sizes = Json::array(), values = Json::array();
  for (const Cell& cell : cells) {
    Json counts = Json::array();
    for (size_t i = 0; i < kRepetitionStates; ++i)
      if (cell.counts.at(i) > 0) counts.insert(counts.end(), {i, cell.counts.at(i)});
    all.push_back(std::move(counts));
    first.push_back(cell.size > 0 ? Json(cell.first) : Json(nullptr));
    sizes.push_back(cell.size);
    if (with_values)
      values.push_back(cell.numbers > 0 ? Json(cell.sum / static_cast<double>(cell.numbers)) : Json(nullptr));
  }
  to["cells"] = std::move(all);
  to["first"] = std::move(first);
  to["size"] = std::move(sizes);
  if (with_values) to["values"] = std::move(values);
}

// Of the means of all cells, shown or not, so that a colour means the same on every page.
Json range_of(const std::vector<Cell>& cells) {
  double least = INFINITY, most = -INFINITY;
  for (const Cell& cell : cells) {
    if (cell.numbers == 0) continue;
    const double mean = cell.sum / static_cast<double>(cell.numbers);
    least = std::min(least, mean);
    most = std::max(most, mean);
  }
  return least <= most ? Json{least, most} : Json(nullptr);
}

ApiResponse answer(const Json& json) {
  return {200,
          json.dump(-1, ' ', false, Json::error_handler_t::replace),
          "application/json",
          {{"Cache-Control", "no-store"}}};
}

Result<Json> by_plan(const RunCells& cells, const ApiRequest& request) {
  const auto from = number_of(request, "from", 0), count = number_of(request, "count", 1000);
  if (!from || !count) return (from ? count : from).error();
  if (*count > kMostCells) return Error{ErrorCode::Invalid, "?count: at most 10000 cells are sent at once"};
  const uint64_t total = cells.states.of.size();
  std::vector<Cell> shown, all(cells.means.metric.empty() ? 0 : total);
  for (uint64_t index = *from; index < total && index < *from + *count; ++index)
    add(cells, index, shown.emplace_back());
  for (uint64_t index = 0; index < all.size(); ++index) add(cells, index, all[index]);
  Json json = facts_of(cells);
  json["total"] = total;
  json["from"] = *from;
  write_cells(shown, !all.empty(), json);
  if (!all.empty()) json["range"] = range_of(all);
  return json;
}

Result<Json> by_parameters(const RunCells& cells, const ApiRequest& request) {
  const auto x = window_of(request, "x", cells.levels), y = window_of(request, "y", cells.levels);
  if (!x || !y) return (x ? y : x).error();
  if (x->shown() * y->shown() > kMostCells)
    return Error{ErrorCode::Invalid, "?xCount, ?yCount: at most 10000 cells are sent at once"};
  if (x->total * y->total > kMostExperiments)
    return Error{ErrorCode::Invalid, "these two have too many values between them; choose another parameter"};
  std::vector<Cell> all(x->total * y->total), shown;
  for (uint64_t index = 0; index < cells.states.of.size(); ++index)
    add(cells, index, all[y->place_of(index) * x->total + x->place_of(index)]);
  for (uint64_t row = y->from; row < y->from + y->shown(); ++row)
    for (uint64_t column = x->from; column < x->from + x->shown(); ++column)
      shown.push_back(all[row * x->total + column]);
  Json json = facts_of(cells);
  json["x"] = labels_of(*x);
  if (y->parameter != nullptr) json["y"] = labels_of(*y);
  write_cells(shown, !cells.means.metric.empty(), json);
  if (!cells.means.metric.empty()) json["range"] = range_of(all);
  return json;
}

}  // namespace

class GridViews::Cache {
 public:
  // Its plan alone; the newest first.
  Result<RunCells*> cells_of(const ChosenRun& chosen) {
    const auto known = std::find_if(runs_.begin(), runs_.end(), [&](const RunCells& one) {
      return one.run_id == chosen.run.record.id && one.generation == chosen.run.generation;
    });
    if (known != runs_.end()) {
      runs_.splice(runs_.begin(), runs_, known);
      return &runs_.front();
    }
    auto study = load_run(chosen);
    if (!study) return std::move(study).error();
    if ((*study)->plan->size() > kMostExperiments)
      return Error{ErrorCode::Invalid, "a grid shows at most a million experiments; this run has " +
                                           std::to_string((*study)->plan->size())};
    PlanLevels levels = PlanLevels::of(*(*study)->plan);
    runs_.push_front(
        {chosen.run.record.id, chosen.run.generation, *std::move(study), std::move(levels), {}, {}});
    if (runs_.size() > kMostRuns) runs_.pop_back();
    return &runs_.front();
  }

  std::mutex mutex;

 private:
  std::list<RunCells> runs_;
};

GridViews::GridViews() : cache_(std::make_unique<Cache>()) {}
GridViews::~GridViews() = default;

ApiResponse GridViews::grid(const ChosenRun& chosen, const ApiRequest& request) {
  const std::lock_guard lock(cache_->mutex);
  const auto cells = cache_->cells_of(chosen);
  if (!cells) return problem_of(cells.error());
  if (auto read = read_states(chosen, **cells); !read) return problem_of(read.error());
  if (auto read = read_means(chosen, text_of(request, "metric"), **cells); !read)
    return problem_of(read.error());
  const bool has_axis = !text_of(request, "x").empty();
  const auto json = has_axis ? by_parameters(**cells, request) : by_plan(**cells, request);
  return json ? answer(*json) : problem_of(json.error());
}

ApiResponse GridViews::experiment(const ChosenRun& chosen, const ApiRequest& request) {
  const std::lock_guard lock(cache_->mutex);
  const auto cells = cache_->cells_of(chosen);
  if (!cells) return problem_of(cells.error());
  const auto index = number_of(request, "index", 0);
  if (!index) return problem_of(index.error());
  const LoadedStudy& study = *(*cells)->study;
  if (*index >= study.plan->size()) return problem(404, "the plan has no experiment at this place");
  const Point point = study.plan->at(*index);
  return answer({{"index", *index},
                 {"experiment", Identifier(study.study(), study.inputs).of(point).id},
                 {"parameters", Json::parse(canonical_parameters(point), nullptr, false)}});
}

}  // namespace studyctl
