#include "http/api.h"

#include <map>
#include <memory>

#include "base/text.h"
#include "http/event_stream.h"
#include "http/grid.h"
#include "http/log_answer.h"
#include "http/monitor.h"
#include "http/problem.h"
#include "http/query.h"
#include "http/results_answer.h"
#include "http/study_answers.h"
#include "http/timeline.h"
#include "http/web_page.h"
#include "study/list_items.h"
#include "study/selection.h"

namespace studyctl {
namespace {

constexpr std::string_view kRoot = "/api/v1/studies";

ApiResponse studies(const VolumePlace& results, const ListQuery& query) {
  const auto listed = list_runs(results.find(), "");
  if (!listed) return problem_of(listed.error());
  std::map<std::string, uint64_t> runs;
  for (const RunSummary& run : listed->runs) ++runs[run.record.study];
  Page page(query);
  const Instant now = SystemClock().now();
  int64_t place = 0;
  for (const RunSummary& run : listed->runs) {
    const auto study = runs.extract(run.record.study);
    if (!study || ++place <= query.after) continue;
    if (!page.add(study_item(*listed, run, study.mapped(), now).data, place)) break;
  }
  return page.response();
}

ApiResponse runs(const VolumePlace& results, const std::string& study, const ListQuery& query) {
  const auto listed = list_runs(results.find(), study);
  if (!listed) return problem_of(listed.error());
  Page page(query);
  const Instant now = SystemClock().now();
  int64_t place = 0;
  for (const RunSummary& run : listed->runs)
    if (++place > query.after && !page.add(run_item(*listed, run, now).data, place)) break;
  return page.response();
}

// `rules` begin behind the page before.
Result<void> experiments(const ChosenRun& chosen, const SelectionRules& rules, const ListQuery&, Page& page) {
  ParameterSieve sieve(rules.selector);
  auto read = chosen.catalog.experiments(
      chosen.run.record.id, rules.filter, [&](const ExperimentSummary& experiment) {
        return !sieve.passes(experiment.parameters) ||
               page.add(experiment_item(chosen, experiment).data, static_cast<int64_t>(experiment.index) + 1);
      });
  return read && rules.filter.after == 0 ? sieve.verdict() : read;
}

Result<void> repetitions(const ChosenRun& chosen, const SelectionRules& rules, const ListQuery& query,
                         Page& page) {
  const Instant now = SystemClock().now();
  int64_t place = query.after;
  uint64_t without_place = 0;  // those that were never started
  return visit_selected(chosen, rules, [&](const RepetitionSummary& repetition) {
    if (repetition.id != 0) place = repetition.id;
    if (repetition.id == 0 && ++without_place <= query.skip) return true;
    return page.add(repetition_item(chosen, repetition, now).data, place, without_place);
  });
}

Result<void> attempts(const ChosenRun& chosen, const SelectionRules& rules, const ListQuery& query,
                      Page& page) {
  const Instant now = SystemClock().now();
  Result<void> listed;
  int64_t place = query.after;
  uint64_t given = query.skip;  // of the repetition behind `place`, on the page before
  auto read = visit_started(chosen, rules, [&](const RepetitionSummary& repetition) {
    const auto found =
        chosen.catalog.attempts(chosen.run.record.id, repetition.experiment, repetition.key.cycle);
    if (!found) return listed = found.error(), false;
    for (uint64_t i = std::exchange(given, 0); i < found->size(); ++i)
      if (!page.add(attempt_item(chosen, repetition.experiment, (*found)[i], now).data, place, i + 1))
        return false;
    place = repetition.id;
    return true;
  });
  return read ? listed : read;
}

using List = Result<void> (*)(const ChosenRun& chosen, const SelectionRules& rules, const ListQuery& query,
                              Page& page);
constexpr std::pair<std::string_view, List> kLists[] = {
    {"experiments", experiments}, {"repetitions", repetitions}, {"attempts", attempts}};

List list_named(std::string_view name) {
  for (const auto& [known, list] : kLists)
    if (known == name) return list;
  return nullptr;
}

// What there is of a run beside its lists.
using OfRun = std::function<ApiResponse(const ChosenRun& chosen, const ApiRequest& request)>;
using RunViews = std::map<std::string, OfRun>;

ApiResponse changes(const VolumePlace& results, const ChosenRun& chosen, const ApiRequest& request) {
  const auto since = request.query.find("since");
  if (since == request.query.end()) return problem(400, "?since= says which run it is compared with");
  const auto before = choose_run_of(results.find(), chosen.run.record.study, since->second);
  return before ? changes_answer(*before, chosen) : problem_of(before.error());
}

RunViews run_views(const VolumePlace& results) {
  // std::function wants to be copied.
  const auto grids = std::make_shared<GridViews>();
  return {
      {"status",
       [](const ChosenRun& chosen, const ApiRequest& request) {
         return status_response(chosen.directory.path() / "status.json", request);
       }},
      {"events", [](const ChosenRun& chosen,
                    const ApiRequest& request) { return event_stream(chosen.directory.path(), request); }},
      {"grid",
       [grids](const ChosenRun& chosen, const ApiRequest& request) { return grids->grid(chosen, request); }},
      {"plan", [grids](const ChosenRun& chosen,
                       const ApiRequest& request) { return grids->experiment(chosen, request); }},
      {"timeline", timeline},
      {"log", log_answer},
      {"results", results_answer},
      {"manifest", [](const ChosenRun& chosen, const ApiRequest&) { return manifest_answer(chosen); }},
      {"commands", [](const ChosenRun& chosen, const ApiRequest&) { return commands_answer(chosen); }},
      {"changes", [results](const ChosenRun& chosen, const ApiRequest& request) {
         return changes(results, chosen, request);
       }}};
}

ApiResponse of_run(const VolumePlace& results, const RunViews& views, const std::vector<std::string>& path,
                   const ApiRequest& request) {
  const auto chosen = choose_run_of(results.find(), path[0], path[2]);
  if (!chosen) return problem_of(chosen.error());
  const std::string what = path.size() > 3 ? path[3] : "";
  if (const auto view = views.find(what); view != views.end()) return view->second(*chosen, request);
  const List list = list_named(what);
  const auto query = read_query(request, list != nullptr);
  if (!query) return problem_of(query.error());
  if (list == nullptr) {
    const ListedRuns listed{chosen->volume, {}, chosen->volume.holder()};
    return {200, json_of(run_item(listed, chosen->run, SystemClock().now()).data, Keys::AsWritten)};
  }
  auto rules = understand(query->selection);
  if (!rules) return problem_of(rules.error());
  rules->filter.after = query->after;
  Page page(*query);
  const auto listed = list(*chosen, *rules, *query, page);
  return listed ? page.response() : problem_of(listed.error());
}

}  // namespace

Server::Answer view_routes(const VolumePlace& results, const std::filesystem::path& run_directory,
                           const MetricsPage* metrics) {
  return [api = api_routes(results),
          monitor = monitor_routes(run_directory, metrics)](const ApiRequest& request) -> ApiResponse {
    if (auto page = web_page(request)) return *std::move(page);
    if (request.path == "/api/v1/whoami") return {200, R"({"name":"","role":"viewer"})"};
    return is_api_route(request.path) ? api(request) : monitor(request);
  };
}

bool is_api_route(const std::string& path) {
  return path == kRoot || path.starts_with(std::string(kRoot) + "/");
}

Server::Answer api_routes(VolumePlace results) {
  RunViews views = run_views(results);
  const auto known = std::make_shared<StudyAnswers>(results);
  return [results = std::move(results), views = std::move(views),
          known](const ApiRequest& request) -> ApiResponse {
    if (request.method != "GET" && request.method != "HEAD")
      return problem(405, request.method + ": only GET is answered here");
    std::vector<std::string> path = split(std::string_view(request.path).substr(kRoot.size()), '/');
    path.erase(path.begin());  // before the first slash
    const bool is_of_run = path.size() >= 3 && path.size() <= 4 && path[1] == "runs";
    const bool is_known = path.size() < 4 || views.contains(path[3]) || list_named(path[3]) != nullptr;
    if (is_of_run && is_known) return of_run(results, views, path, request);
    const auto query = read_query(request, false);
    if (!query) return problem_of(query.error());
    if (path.empty()) return studies(results, *query);
    if (path.size() == 1 && !path[0].empty()) return known->answer(path[0], request);
    if (path.size() == 2 && path[1] == "runs") return runs(results, path[0], *query);
    return problem(404, printable(request.path) + ": is not here; see /openapi.json");
  };
}

}  // namespace studyctl
