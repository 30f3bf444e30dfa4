#include "http/routes.h"

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "http/problem.h"

namespace studyctl {
namespace {

using Json = nlohmann::json;

struct NamedCommand {
  const char* name;
  Command::Kind kind;
};
constexpr NamedCommand kCommands[] = {{"stop", Command::Kind::Stop},     {"pause", Command::Kind::Pause},
                                      {"resume", Command::Kind::Resume}, {"cancel", Command::Kind::Cancel},
                                      {"retry", Command::Kind::Retry},   {"skip", Command::Kind::Skip}};

Result<Command> read_command(const std::string& body) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) return Error{ErrorCode::Invalid, "the body is not a JSON object"};
  Command command;
  const std::string name = json.value("command", "");
  const auto kind = command_named(name);
  if (!kind)
    return Error{ErrorCode::Invalid, "command: '" + printable(name) + "' is not one of " + command_names()};
  command.kind = *kind;
  command.who = printable(json.value("who", "somebody"));
  command.why = printable(json.value("why", ""));
  if (json.contains("grace")) {
    auto grace = parse_duration(json.value("grace", ""));
    if (!grace) return std::move(grace).error().within("grace");
    command.grace = *grace;
  }
  for (const Json& key : json.value("repetitions", Json::array()))
    command.repetitions.push_back(
        {key.at(0).get<uint32_t>(), key.at(1).get<uint64_t>(), key.at(2).get<uint32_t>()});
  for (const Json& word : json.value("states", Json::array())) {
    const auto state = repetition_state_named(word.get<std::string>());
    if (!state)
      return Error{ErrorCode::Invalid,
                   "states: there is no state '" + printable(word.get<std::string>()) + "'"};
    command.states.push_back(*state);
  }
  return command;
}

ApiResponse response_of(const Gateway::Answer& said) {
  return said ? ApiResponse{200, Json{{"message", *said}}.dump()} : problem_of(said.error());
}

ApiResponse tell(const ControlDoor& door, const std::string& body) {
  try {
    const Result<Command> command = read_command(body);
    if (!command) return problem_of(command.error());
    return response_of(door.tell(Json::parse(body).at("run").get<std::string>(), *command));
  } catch (const Json::exception&) { return problem_of({ErrorCode::Invalid, "the body cannot be read"}); }
}

ApiResponse apply(const ControlDoor& door, const std::string& body) {
  try {
    const Json json = Json::parse(body);
    return response_of(door.apply(json.at("run").get<std::string>(), json.at("staged").get<std::string>(),
                                  printable(json.value("who", std::string("somebody")))));
  } catch (const Json::exception&) { return problem_of({ErrorCode::Invalid, "the body cannot be read"}); }
}

}  // namespace

std::optional<Command::Kind> command_named(std::string_view name) {
  for (const NamedCommand& known : kCommands)
    if (known.name == name) return known.kind;
  return std::nullopt;
}

std::string command_names() {
  std::vector<std::string> names;
  for (const NamedCommand& known : kCommands) names.emplace_back(known.name);
  return join(names, ", ");
}

Server::Answer control_routes(ControlDoor door) {
  return [door = std::move(door)](const ApiRequest& request) -> ApiResponse {
    if (request.method == "POST" && request.path == "/v1/run/command") return tell(door, request.body);
    if (request.method == "POST" && request.path == "/v1/run/apply") return apply(door, request.body);
    return problem_of(
        {ErrorCode::NotFound, request.method + " " + printable(request.path) + ": there is no such route"});
  };
}

std::string command_json(const std::string& run, const Command& command) {
  Json json{{"run", run}};
  for (const NamedCommand& known : kCommands)
    if (known.kind == command.kind) json["command"] = known.name;
  json["who"] = to_utf8(command.who);
  if (!command.why.empty()) json["why"] = to_utf8(command.why);
  if (command.grace) json["grace"] = format_duration(*command.grace);
  for (const RepetitionKey& key : command.repetitions)
    json["repetitions"].push_back({key.generation, key.index, key.cycle});
  for (const RepetitionState state : command.states) json["states"].push_back(name_of(state));
  return json.dump();
}

std::string apply_json(const std::string& run, const std::string& staged, const std::string& who) {
  return Json{{"run", run}, {"staged", staged}, {"who", to_utf8(who)}}.dump();
}

Gateway::Answer answer_from(int status, const std::string& body) {
  const Json json = Json::parse(body, nullptr, false);
  if (status == 200 && json.is_object()) return json.value("message", std::string());
  return Error{error_code_of(status), json.is_object() ? json.value("detail", std::string())
                                                       : "the controller answered " + std::to_string(status)};
}

}  // namespace studyctl
