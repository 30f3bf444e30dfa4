#include "http/apply_api.h"

#include <map>
#include <nlohmann/json.hpp>

#include "base/fd.h"
#include "base/hash.h"
#include "base/text.h"
#include "http/problem.h"
#include "study/plan_text.h"
#include "study/secret_sources.h"

namespace studyctl {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::hours kKeptFor{24};
constexpr size_t kMostErrors = 100;

std::filesystem::path inputs_of(const ResultsVolume& volume) {
  return volume.private_directory() / "inputs";
}

Result<std::string> read_sent(const ResultsVolume& volume, const std::string& sha256) {
  if (!is_sha256(sha256)) return Error{ErrorCode::Invalid, printable(sha256) + ": is not a SHA-256"};
  return read_file(inputs_of(volume) / sha256, size_t{1} << 30);
}

struct Asked {
  SentManifest sent;
  std::vector<std::string> flags;
};

using ReadByHash = std::function<Result<std::string>(const std::string& sha256)>;

// As send_study() wrote it.
Asked read_envelope(const Json& json, ReadByHash read) {
  Asked asked;
  asked.sent.text = json.at("manifest").get<std::string>();
  asked.sent.name = printable(json.value("source", std::string("study.yaml")));
  asked.sent.is_applied = true;
  asked.flags = json.value("flags", std::vector<std::string>());
  const auto inputs = json.value("inputs", std::map<std::string, std::string>());
  asked.sent.read_input = [read = std::move(read), inputs](const std::string& path) -> Result<std::string> {
    const auto known = inputs.find(path);
    if (known == inputs.end()) return Error{ErrorCode::NotFound, path + ": was not sent"};
    return read(known->second);
  };
  if (json.contains("secrets")) {
    auto secrets = secrets_from_json(json.at("secrets").dump());
    if (secrets)
      for (auto& [name, data] : *secrets) asked.sent.secrets.push_back({name, std::move(data)});
  }
  return asked;
}

Result<Asked> read_asked(const ResultsVolume& volume, const ApiRequest& request) {
  const auto header = request.headers.find("content-type");
  const std::string type = header == request.headers.end() ? "" : header->second;
  if (type.starts_with(kSentStudy)) {
    try {
      return read_envelope(Json::parse(request.body),
                           [&volume](const std::string& sha256) { return read_sent(volume, sha256); });
    } catch (const Json::exception&) { return Error{ErrorCode::Invalid, "the body cannot be read"}; }
  }
  Asked asked;
  asked.sent.text = request.body;
  asked.sent.name = "the manifest";
  asked.sent.read_input = [](const std::string& path) -> Result<std::string> {
    return Error{ErrorCode::NotFound, path + ": a file beside the manifest is sent by `studyctl apply`"};
  };
  return asked;
}

// "study.yaml:3:5: spec.sweep: …" in its parts.
Json error_of(const std::string& line) {
  Json error{{"message", line}};
  const std::vector<std::string> parts = split(line, ':');
  const auto is_number = [](const std::string& text) {
    return !text.empty() && text.size() < 10 && text.find_first_not_of("0123456789") == std::string::npos;
  };
  if (parts.size() < 4 || !is_number(parts[1]) || !is_number(parts[2])) return error;
  const size_t begin = parts[0].size() + parts[1].size() + parts[2].size() + 4;
  error["line"] = std::stoul(parts[1]);
  error["column"] = std::stoul(parts[2]);
  if (begin < line.size()) error["message"] = line.substr(begin);
  if (parts.size() > 4) error["path"] = parts[3].substr(1);
  return error;
}

// Every problem of a manifest, with its place.
ApiResponse invalid_manifest(const Error& error) {
  if (error.code != ErrorCode::Invalid && error.code != ErrorCode::NotFound) return problem_of(error);
  ApiResponse response = problem(422, error.message);
  Json json = Json::parse(response.body);
  json["errors"] = Json::array();
  for (const std::string& line : split(error.message, '\n'))
    if (!line.empty() && json["errors"].size() < kMostErrors)
      json["errors"].push_back(error_of(to_utf8(line)));
  response.body = json.dump();
  return response;
}

bool is_asked(const ApiRequest& request, const char* name) {
  const auto found = request.query.find(name);
  return found != request.query.end() && found->second != "false";
}

Result<ApplyRequest> request_of(const ApiRequest& request, Asked asked, std::unique_ptr<LoadedStudy> study) {
  ApplyRequest apply{std::move(study), std::move(asked.flags), request.caller.name};
  apply.is_local = request.caller.is_local;
  apply.fresh = is_asked(request, "fresh");
  apply.is_large_meant = is_asked(request, "yes");
  apply.accept_image_change = is_asked(request, "acceptImageChange");
  apply.no_pilot_pause = is_asked(request, "noPilotPause");
  const auto reuse = request.query.find("reuse");
  if (reuse == request.query.end() || reuse->second == "same-host") return apply;
  if (reuse->second != "any") return Error{ErrorCode::Invalid, "?reuse: is same-host or any"};
  apply.reuse = Reuse::Any;
  return apply;
}

Json described(const LoadedStudy& study, const ResultsVolume& volume) {
  return {{"study", study.study().name},
          {"lines", plan_summary(study, experience_of(study, volume))},
          {"warnings", study.warnings}};
}

}  // namespace

ApiResponse apply_response(const ResultsVolume& volume, Desk& desk, const ApiRequest& request) {
  auto asked = read_asked(volume, request);
  if (!asked) return problem_of(asked.error());
  auto study = load_sent(asked->sent);
  if (!study) return invalid_manifest(study.error());
  Json json = described(**study, volume);
  if (const auto dry = request.query.find("dryRun"); dry != request.query.end()) {
    if (dry->second != "All") return problem(400, "?dryRun: is All");
    json["result"] = "planned";
    return {200, json.dump()};
  }
  auto apply = request_of(request, *std::move(asked), *std::move(study));
  if (!apply) return problem_of(apply.error());
  const auto applied = desk.apply(*std::move(apply));
  if (!applied)
    return applied.error().code == ErrorCode::Invalid ? invalid_manifest(applied.error())
                                                      : problem_of(applied.error());
  json["run"] = applied->run;
  json["result"] = name_of(applied->kind);
  json["message"] = applied->message;
  return {applied->kind == Applied::Kind::Created ? 201 : 200, json.dump()};
}

ApiResponse input_response(const ResultsVolume& volume, const std::string& sha256,
                           const ApiRequest& request) {
  if (request.method == "GET" || request.method == "HEAD") {
    const auto there = read_sent(volume, sha256);
    return there ? ApiResponse{204, ""} : problem_of(there.error());
  }
  if (request.method != "PUT") return problem(405, request.method + ": an input is sent by PUT");
  if (sha256_hex(request.body) != sha256)
    return problem(422, "the body has another SHA-256 than its address says");
  std::error_code error;
  std::filesystem::create_directory(inputs_of(volume), error);
  auto written = write_file_atomically(inputs_of(volume) / sha256, request.body, 0600);
  return written ? ApiResponse{201, ""} : problem_of(written.error());
}

namespace {

Json envelope_of(const LoadedStudy& study, const std::vector<std::string>& flags) {
  Json json{{"manifest", study.manifest.applied_json},
            {"source", to_utf8(study.manifest.file)},
            {"flags", flags},
            {"inputs", study.inputs}};
  SecretSources::Documents secrets;
  for (const SecretDocument& secret : study.manifest.secrets) secrets[secret.name] = secret.data;
  if (!secrets.empty()) json["secrets"] = Json::parse(secrets_json(secrets));
  return json;
}

}  // namespace

std::string send_study(const LoadedStudy& study, const std::vector<std::string>& flags) {
  return envelope_of(study, flags).dump();
}

std::string send_whole_study(const LoadedStudy& study) {
  Json json = envelope_of(study, {});
  json.erase("secrets");
  for (const auto& [sha256, content] : study.contents) json["contents"][sha256] = to_base64(content);
  return json.dump();
}

Result<std::unique_ptr<LoadedStudy>> read_whole_study(const std::string& body) {
  try {
    const Json json = Json::parse(body);
    const auto contents = json.value("contents", std::map<std::string, std::string>());
    const auto read = [&contents](const std::string& sha256) -> Result<std::string> {
      const auto known = contents.find(sha256);
      const auto bytes = known == contents.end() ? std::nullopt : from_base64(known->second);
      if (!bytes) return Error{ErrorCode::NotFound, sha256 + ": was not sent"};
      return *bytes;
    };
    return load_sent(read_envelope(json, read).sent);
  } catch (const Json::exception&) {
    return Error{ErrorCode::Invalid, "the study that was sent cannot be read"};
  }
}

Result<Applied> applied_from(int status, const std::string& body) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object())
    return Error{ErrorCode::Unavailable, "the service answered " + std::to_string(status)};
  if (status != 200 && status != 201)
    return Error{error_code_of(status), json.value("detail", std::string())};
  Applied applied{Applied::Kind::Created, json.value("study", std::string()),
                  json.value("run", std::string()), json.value("message", std::string())};
  applied.lines = json.value("lines", std::vector<std::string>());
  for (const auto kind : {Applied::Kind::GoesOn, Applied::Kind::Configured, Applied::Kind::Unchanged})
    if (json.value("result", std::string()) == name_of(kind)) applied.kind = kind;
  return applied;
}

void clear_sent_inputs(const ResultsVolume& volume) {
  std::error_code ignored;
  const auto now = std::filesystem::file_time_type::clock::now();
  for (const auto& entry : std::filesystem::directory_iterator(inputs_of(volume), ignored))
    if (now - entry.last_write_time(ignored) > kKeptFor) std::filesystem::remove(entry.path(), ignored);
}

}  // namespace studyctl
