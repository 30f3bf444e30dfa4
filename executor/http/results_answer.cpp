#include "http/results_answer.h"

#include <algorithm>

#include "base/text.h"
#include "http/problem.h"
#include "study/applied_manifest.h"
#include "study/changes.h"
#include "study/conclusions_answer.h"
#include "study/written_json.h"

namespace studyctl {
namespace {

ApiResponse answer(const Written& written) {
  return {200, json_of(written, Keys::AsWritten), "application/json", {{"Cache-Control", "no-store"}}};
}

const std::vector<std::string> kKnown = {"by",       "baseline",   "sort",  "where",
                                         "selector", "experiment", "clean", "limit"};

constexpr size_t kMostGroups = 10'000;

struct AskedResults {
  ConclusionsQuery query;
  SelectionRules rules;
  Selector where;
  bool clean = false;
  size_t limit = 1000;  // groups
};

Result<AskedResults> read(const ApiRequest& request) {
  for (const auto& [name, text] : request.query)
    if (std::find(kKnown.begin(), kKnown.end(), name) == kKnown.end())
      return Error{ErrorCode::Invalid,
                   "?" + printable(name) + ": is not known here; there is: " + join(kKnown, ", ")};
  const auto text_of = [&](const char* name) {
    const auto found = request.query.find(name);
    return found == request.query.end() ? std::string() : found->second;
  };
  const auto list_of = [&](const char* name) {
    const std::string text = text_of(name);
    return text.empty() ? std::vector<std::string>() : split(text, ',');
  };
  AskedResults asked;
  asked.query.question.by = list_of("by");
  for (const std::string& pair : list_of("baseline")) {
    const size_t equals = pair.find('=');
    if (equals == 0 || equals == std::string::npos)
      return Error{ErrorCode::Invalid, "?baseline=" + printable(pair) + ": write PARAMETER=VALUE"};
    asked.query.question.baseline.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  asked.query.sort = text_of("sort");
  asked.clean = text_of("clean") == "true";
  if (const std::string limit = text_of("limit"); !limit.empty()) {
    const auto number = number_in(limit);
    if (!number || *number < 1 || *number > kMostGroups)
      return Error{ErrorCode::Invalid, "?limit=" + printable(limit) + ": is 1 to 10000"};
    asked.limit = static_cast<size_t>(*number);
  }
  Selection selection;
  selection.selector = text_of("selector");
  selection.experiment = text_of("experiment");
  auto rules = understand(selection);
  if (!rules) return std::move(rules).error();
  auto where = Selector::parse(text_of("where"));
  if (!where) return std::move(where).error().within("?where");
  asked.rules = *std::move(rules);
  asked.where = *std::move(where);
  return asked;
}

}  // namespace

ApiResponse results_answer(const ChosenRun& chosen, const ApiRequest& request) {
  const auto asked = read(request);
  if (!asked) return problem_of(asked.error());
  auto query = query_of(chosen, asked->rules, asked->where);
  if (!query) return problem_of(query.error());
  query->clean = asked->clean;
  auto made = ConclusionsAnswer::of(*query, asked->query);
  if (!made) return problem_of(made.error());
  auto& groups = made->conclusions.groups;
  const size_t all = groups.size();
  if (all > asked->limit)
    groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(asked->limit), groups.end());
  Written data = made->data();
  std::get<Written::Map>(data.data).emplace_back("groups", written_of(all));
  return answer(data);
}

ApiResponse changes_answer(const ChosenRun& before, const ChosenRun& after) {
  const auto old = applied_manifest(before), made = applied_manifest(after);
  if (!old || !made) return problem_of((old ? made : old).error());
  const auto study = load_applied(made->manifest, made->inputs, after.directory.path());
  if (!study) return problem_of(study.error());
  const auto changes = changes_of(*old, before.directory.path(), **study);
  if (!changes) return problem_of(changes.error());
  const auto count = [&](Change change) { return written_of(changes->experiments.count(change)); };
  return answer({Written::Map{{"lines", written_of(change_lines(*changes))},
                              {"experiments",
                               {Written::Map{{"added", count(Change::Added)},
                                             {"same", count(Change::Same)},
                                             {"changed", count(Change::Changed)},
                                             {"dropped", count(Change::Dropped)}}}}}});
}

ApiResponse manifest_answer(const ChosenRun& chosen) {
  const auto manifest = applied_manifest(chosen);
  if (!manifest) return problem_of(manifest.error());
  std::string yaml;
  for (const std::string& document : split(manifest->manifest, '\n'))
    if (!document.empty() && document != "---")
      yaml += (yaml.empty() ? "" : "---\n") + yaml_of(written_from_json(document));
  Written::Map environment;
  for (const auto& [name, value] : manifest->newest_environment())
    environment.emplace_back(name, Written::text(value));
  return answer({Written::Map{{"yaml", Written::text(yaml)},
                              {"source", Written::text(manifest->source)},
                              {"flags", written_of(manifest->flags)},
                              {"environment", {std::move(environment)}}}});
}

ApiResponse commands_answer(const ChosenRun& chosen) {
  const auto commands = chosen.catalog.commands(chosen.run.record.id);
  if (!commands) return problem_of(commands.error());
  Written::List items;
  for (const CommandRecord& one : *commands)
    items.push_back({Written::Map{{"at", written_of(one.at)},
                                  {"who", Written::text(one.who)},
                                  {"command", Written::text(one.command)}}});
  return answer({Written::Map{{"apiVersion", Written::text("studyctl.io/v1alpha1")},
                              {"kind", Written::text("List")},
                              {"items", {std::move(items)}}}});
}

}  // namespace studyctl
