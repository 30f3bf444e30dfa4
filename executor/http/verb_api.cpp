#include "http/verb_api.h"

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "http/apply_api.h"
#include "http/problem.h"
#include "http/routes.h"
#include "store/keep_mark.h"
#include "study/command_choice.h"

namespace studyctl {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kStudies = "/api/v1/studies";
constexpr std::string_view kInputs = "/api/v1/inputs/";

// Unknown keys are refused by their names: nothing is silently ignored.
Result<void> only(const Json& object, const std::vector<std::string>& known) {
  if (!object.is_object()) return Error{ErrorCode::Invalid, "the body is not a JSON object"};
  for (const auto& [key, value] : object.items())
    if (std::find(known.begin(), known.end(), key) == known.end())
      return Error{ErrorCode::Invalid,
                   "'" + printable(key) + "' is not known here; there is: " + join(known, ", ")};
  return {};
}

Result<Selection> read_selection(const Json& json) {
  if (!json.contains("selection")) return Selection();
  const Json& selection = json.at("selection");
  if (auto known = only(selection, {"experiment", "selector", "states", "reasons", "minFails"}); !known)
    return std::move(known).error().within("selection");
  return Selection{selection.value("selector", std::string()),
                   selection.value("states", std::vector<std::string>()),
                   selection.value("reasons", std::vector<std::string>()),
                   selection.value("experiment", std::string()), selection.value("minFails", 0u)};
}

// The body of a request, which may have these keys and no others.
Result<Json> read_body(const ApiRequest& request, const std::vector<std::string>& known) {
  Json json = request.body.empty() ? Json::object() : Json::parse(request.body);
  if (auto all = only(json, known); !all) return std::move(all).error();
  return json;
}

Result<AskedCommand> read_asked(Command::Kind kind, const ApiRequest& request) {
  const auto json = read_body(request, {"grace", "why", "maxRetries", "selection"});
  if (!json) return json.error();
  auto selection = read_selection(*json);
  if (!selection) return std::move(selection).error();
  AskedCommand asked;
  asked.kind = kind;
  asked.who = request.caller.name;
  asked.grace = json->value("grace", std::string());
  asked.why = printable(json->value("why", std::string()));
  if (json->contains("maxRetries")) asked.max_retries = json->at("maxRetries").get<uint32_t>();
  asked.selection = *std::move(selection);
  return asked;
}

// 202: it is told to end, and has not yet.
int status_of(Command::Kind kind, const std::string& said) {
  return kind == Command::Kind::Cancel && !said.starts_with("cancelled") ? 202 : 200;
}

ApiResponse message(const std::string& said, int status = 200) {
  return {status, Json{{"message", said}}.dump()};
}

ApiResponse say(const ChosenRun& chosen, Command::Kind kind, const ApiRequest& request, Desk& desk) {
  auto asked = read_asked(kind, request);
  if (!asked) return problem_of(asked.error());
  asked->is_driven = is_on(chosen);
  auto command = command_for(chosen, *asked);
  if (!command) return problem_of(command.error());
  const auto said = desk.tell(chosen.run.record.id, *command);
  return said ? message(*said, status_of(kind, *said)) : problem_of(said.error());
}

ApiResponse again(const ChosenRun& chosen, const ApiRequest& request, Desk& desk) {
  const auto json = read_body(request, {"cycles", "parallelism", "selection"});
  if (!json) return problem_of(json.error());
  auto selection = read_selection(*json);
  if (!selection) return problem_of(selection.error());
  AgainRequest asked;
  asked.who = request.caller.name;
  if (json->contains("cycles")) asked.cycles = json->at("cycles").get<uint32_t>();
  if (json->contains("parallelism")) asked.parallelism = json->at("parallelism").get<uint32_t>();
  asked.selection = *std::move(selection);
  const auto applied = desk.again(chosen.run.record.id, std::move(asked));
  if (!applied) return problem_of(applied.error());
  const auto begun = choose_run(chosen.volume, applied->run);
  const std::string name = begun ? begun->directory.path().filename().string() : applied->run;
  return {201, Json{{"study", applied->study}, {"run", name}, {"message", applied->message}}.dump()};
}

ApiResponse keep(const ChosenRun& chosen, const ApiRequest& request, Desk& /*desk*/) {
  const auto json = read_body(request, {"why"});
  if (!json) return problem_of(json.error());
  const std::string why = printable(json->value("why", std::string()));
  const auto kept = set_keep_mark(chosen.volume, chosen.directory.path(),
                                  "by " + request.caller.name + (why.empty() ? "" : ": " + why));
  return kept ? message("is kept") : problem_of(kept.error());
}

ApiResponse unkeep(const ChosenRun& chosen, const ApiRequest& /*request*/, Desk& /*desk*/) {
  const auto cleared = clear_keep_mark(chosen.volume, chosen.directory.path());
  return cleared ? message("is kept no more") : problem_of(cleared.error());
}

ApiResponse remove(const ChosenRun& chosen, const ApiRequest& /*request*/, Desk& desk) {
  const auto removed = desk.remove(chosen.run.record.id);
  return removed ? message("deleted") : problem_of(removed.error());
}

// What is done with a run beside what its controller is told.
struct Verb {
  const char* name;
  ApiResponse (*act)(const ChosenRun& chosen, const ApiRequest& request, Desk& desk);
};
constexpr Verb kVerbs[] = {{"again", again}, {"keep", keep}, {"unkeep", unkeep}, {"delete", remove}};

std::string verb_names() {
  std::string names = command_names();
  for (const Verb& verb : kVerbs) names += ", " + std::string(verb.name);
  return names;
}

ApiResponse act(const ChosenRun& chosen, const std::string& name, const ApiRequest& request, Desk& desk) {
  try {
    if (const auto kind = command_named(name)) return say(chosen, *kind, request, desk);
    for (const Verb& verb : kVerbs)
      if (name == verb.name) return verb.act(chosen, request, desk);
  } catch (const Json::exception&) { return problem(400, "the body cannot be read"); }
  return problem(404, printable(name) + ": there is no such verb; there is: " + verb_names());
}

// "/{study}/runs/{run}:{verb}"
std::optional<ApiResponse> verb(const VolumePlace& results, Desk& desk, const ApiRequest& request) {
  const std::vector<std::string> path = split(request.path.substr(kStudies.size()), '/');
  if (path.size() != 4 || path[2] != "runs") return std::nullopt;
  const size_t colon = path[3].rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  if (request.method != "POST") return problem(405, request.method + ": a verb is said by POST");
  const auto chosen = choose_run_of(results.find(), path[1], path[3].substr(0, colon));
  if (!chosen) return problem_of(chosen.error());
  return act(*chosen, path[3].substr(colon + 1), request, desk);
}

}  // namespace

ChangingAnswer changing_routes(VolumePlace results, Desk& desk) {
  return [results = std::move(results), &desk](const ApiRequest& request) -> std::optional<ApiResponse> {
    const bool is_input = request.path.starts_with(kInputs);
    const bool is_apply = request.path == kStudies && request.method == "POST";
    if (is_input || is_apply) {
      const auto volume = results.find();
      if (!volume) return problem_of(volume.error());
      return is_apply ? apply_response(*volume, desk, request)
                      : input_response(*volume, request.path.substr(kInputs.size()), request);
    }
    if (!request.path.starts_with(std::string(kStudies) + "/")) return std::nullopt;
    return verb(results, desk, request);
  };
}

}  // namespace studyctl
