#include "http/routes.h"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace studyctl {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::seconds kAnswerWithin{30};

struct StatusOf {
  ErrorCode code;
  int status;
};
constexpr StatusOf kStatuses[] = {{ErrorCode::Invalid, 400},
                                  {ErrorCode::NotFound, 404},
                                  {ErrorCode::Conflict, 409},
                                  {ErrorCode::Unavailable, 503},
                                  {ErrorCode::Internal, 500}};

struct NamedCommand {
  const char* name;
  Command::Kind kind;
};
constexpr NamedCommand kCommands[] = {{"stop", Command::Kind::Stop},     {"pause", Command::Kind::Pause},
                                      {"resume", Command::Kind::Resume}, {"cancel", Command::Kind::Cancel},
                                      {"retry", Command::Kind::Retry},   {"skip", Command::Kind::Skip}};

ApiResponse failed(const Error& error) {
  int status = 500;
  for (const StatusOf& known : kStatuses)
    if (known.code == error.code) status = known.status;
  return problem(status, error.message);
}

Result<Command> read_command(const std::string& body) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) return Error{ErrorCode::Invalid, "the body is not a JSON object"};
  Command command;
  bool known = false;
  const std::string name = json.value("command", "");
  for (const NamedCommand& candidate : kCommands) {
    if (name != candidate.name) continue;
    command.kind = candidate.kind;
    known = true;
  }
  if (!known)
    return Error{ErrorCode::Invalid,
                 "command: '" + name + "' is not one of stop, pause, resume, cancel, retry, skip"};
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

ApiResponse run_command(Gateway& gateway, const std::string& body) {
  Result<Command> command = Error{ErrorCode::Invalid, "the body cannot be read"};
  try {
    command = read_command(body);
  } catch (const Json::exception&) {}
  if (!command) return failed(command.error());
  std::future<Gateway::Answer> answer = gateway.ask(*std::move(command));
  if (answer.wait_for(kAnswerWithin) != std::future_status::ready)
    return failed({ErrorCode::Unavailable, "the controller does not answer"});
  try {
    const Gateway::Answer said = answer.get();
    if (!said) return failed(said.error());
    return {200, Json{{"message", *said}}.dump()};
  } catch (const std::future_error&) { return failed({ErrorCode::Unavailable, "the controller has ended"}); }
}

ApiResponse run_apply(const ApplyStaged& apply, const std::string& body) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object() || !json.contains("staged") || !json["staged"].is_string())
    return failed({ErrorCode::Invalid, "the body names no staged manifest"});
  const Gateway::Answer said =
      apply(json["staged"].get<std::string>(), printable(json.value("who", std::string("somebody"))));
  return said ? ApiResponse{200, Json{{"message", *said}}.dump()} : failed(said.error());
}

}  // namespace

Server::Answer control_routes(Gateway& gateway, RunIdentity identity, ApplyStaged apply) {
  return [&gateway, identity = std::move(identity),
          apply = std::move(apply)](const ApiRequest& request) -> ApiResponse {
    if (request.method == "GET" && request.path == "/v1/run") {
      return {200, Json{{"study", identity.study},
                        {"run", identity.run},
                        {"directory", identity.directory},
                        {"pid", getpid()}}
                       .dump()};
    }
    if (request.method == "POST" && request.path == "/v1/run/command")
      return run_command(gateway, request.body);
    if (request.method == "POST" && request.path == "/v1/run/apply") return run_apply(apply, request.body);
    return failed(
        {ErrorCode::NotFound, request.method + " " + printable(request.path) + ": there is no such route"});
  };
}

std::string command_json(const Command& command) {
  Json json;
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

std::string apply_json(const std::string& staged, const std::string& who) {
  return Json{{"staged", staged}, {"who", to_utf8(who)}}.dump();
}

Gateway::Answer answer_from(int status, const std::string& body) {
  const Json json = Json::parse(body, nullptr, false);
  if (status == 200 && json.is_object()) return json.value("message", std::string());
  ErrorCode code = ErrorCode::Internal;
  for (const StatusOf& known : kStatuses)
    if (known.status == status) code = known.code;
  return Error{code, json.is_object() ? json.value("detail", std::string())
                                      : "the controller answered " + std::to_string(status)};
}

}  // namespace studyctl
