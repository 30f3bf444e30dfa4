#include "engine/kubernetes/credential_program.h"

#include "base/text.h"
#include "engine/docker/api_json.h"

namespace studyctl {
namespace {

using nlohmann::json;

constexpr std::string_view kVersions[] = {"client.authentication.k8s.io/v1",
                                          "client.authentication.k8s.io/v1beta1"};

Error invalid(const std::string& what) {
  return {ErrorCode::Invalid, "exec: " + what};
}

// What it may know of the cluster it is for.
json info_of(const std::string& version, const json& exec, const json& cluster) {
  json spec{{"interactive", false}};
  if (json_bool(exec, "provideClusterInfo")) spec["cluster"] = cluster;
  return {{"apiVersion", version}, {"kind", "ExecCredential"}, {"spec", spec}};
}

Result<void> read_words(const json& exec, const std::filesystem::path& directory, Program& program) {
  const std::string command = json_string(exec, "command");
  if (command.empty()) return invalid("has no command");
  const bool is_beside = command.find('/') != std::string::npos && command.front() != '/';
  program.words = {is_beside ? (directory / command).string() : command};
  for (const json& word : json_child(exec, "args")) {
    if (!word.is_string()) return invalid("args must be texts");
    program.words.push_back(word.get<std::string>());
  }
  for (const json& variable : json_child(exec, "env"))
    program.environment.emplace_back(json_string(variable, "name"), json_string(variable, "value"));
  return {};
}

std::string last_line(const std::string& text) {
  const std::vector<std::string> lines = split(trim(text), '\n');
  return lines.empty() ? std::string() : printable(trim(lines.back()));
}

}  // namespace

Result<CredentialProgram> read_credential_program(const json& exec, const json& cluster,
                                                  const std::filesystem::path& directory) {
  CredentialProgram program;
  program.version = json_string(exec, "apiVersion");
  if (std::find(std::begin(kVersions), std::end(kVersions), program.version) == std::end(kVersions))
    return invalid("apiVersion is '" + printable(program.version) + "'; it must be " +
                   std::string(kVersions[0]) +
                   " or v1beta1: write the kubeconfig anew with a newer version of " + "what made it");
  if (auto read = read_words(exec, directory, program.program); !read) return std::move(read).error();
  const std::string mode = json_string(exec, "interactiveMode");
  if (mode == "Always")
    return invalid(
        "'" + program.program.name() +
        "' wants a terminal (interactiveMode: Always), and a run has none: use a context with a token, or "
        "a program that asks nobody");
  if (!mode.empty() && mode != "Never" && mode != "IfAvailable")
    return invalid("interactiveMode is '" + printable(mode) + "'; there are Never, IfAvailable and Always");
  program.hint = printable(trim(json_string(exec, "installHint")));
  program.program.environment.emplace_back("KUBERNETES_EXEC_INFO",
                                           info_of(program.version, exec, cluster).dump());
  return program;
}

Result<GivenCredentials> read_credentials(const CredentialProgram& program,
                                          const Result<ProgramOutput>& output) {
  const auto failed = [&](const std::string& what) {
    return Error{ErrorCode::Unavailable, program.name() + " " + what};
  };
  if (!output && output.error().code == ErrorCode::NotFound)
    return failed("is not there: install it" + (program.hint.empty() ? "" : ": " + program.hint));
  if (!output) return failed("did not: " + output.error().message);
  if (!output->end.is_success()) {
    const std::string said = last_line(output->err);
    return failed("failed: " + output->end.text() + (said.empty() ? "" : ": " + said));
  }
  const json document = json::parse(output->out, nullptr, false);
  const json& status = json_child(document, "status");
  if (json_string(document, "kind") != "ExecCredential" || !status.is_object())
    return failed("printed no ExecCredential with a status");
  if (json_string(document, "apiVersion") != program.version)
    return failed("answered as '" + printable(json_string(document, "apiVersion")) +
                  "', and the kubeconfig says " + program.version);
  GivenCredentials given;
  given.token = json_string(status, "token");
  given.certificate_pem = json_string(status, "clientCertificateData");
  given.key_pem = json_string(status, "clientKeyData");
  if (given.certificate_pem.empty() != given.key_pem.empty())
    return failed("gave one of certificate and key, and not the other");
  if (given.token.empty() && given.certificate_pem.empty())
    return failed("gave neither a token nor a certificate");
  if (const std::string until = json_string(status, "expirationTimestamp"); !until.empty()) {
    given.expires = parse_engine_time(until);
    if (!given.expires) return failed("gave an expirationTimestamp that is no time: " + printable(until));
  }
  return given;
}

}  // namespace studyctl
