#include "service/operator/cluster_reader.h"

#include <optional>
#include <set>

#include "base/text.h"
#include "service/operator/study_object.h"

namespace studyctl {
namespace {

constexpr size_t kMostProblems = 8;

// An object has no lines: "a:1:77: spec.sweep: …" is "spec.sweep: …".
std::string without_place(const std::string& line) {
  size_t at = line.find(':');
  for (int numbers = 0; at != std::string::npos && numbers < 2; ++numbers) {
    const size_t end = line.find_first_not_of("0123456789", at + 1);
    if (end == at + 1 || end == std::string::npos || line[end] != ':') return line;
    at = end;
  }
  return at == std::string::npos || at + 2 > line.size() ? line : line.substr(at + 2);
}

Error without_places(const Error& error) {
  std::vector<std::string> lines;
  const std::vector<std::string> all = split(error.message, '\n');
  for (const std::string& line : all) {
    if (lines.size() == kMostProblems) break;
    if (!line.empty()) lines.push_back(without_place(line));
  }
  if (all.size() > lines.size())
    lines.push_back("and " + std::to_string(all.size() - lines.size()) + " more");
  return {error.code, join(lines, "; ")};
}

Result<std::string> refuse_file(const std::string& path) {
  return Error{
      ErrorCode::Invalid,
      path +
          ": an object of a cluster has no directory of files: put it into a ConfigMap that "
          "metadata.annotations names as studyctl.io/inputs (`studyctl render` writes both), or hand "
          "the manifest over by `studyctl apply`, which sends files along"};
}

// What would reach out of the operator's namespace, or leave its cluster.
Result<void> check_place(const Execution& execution, const std::string& own) {
  if (execution.engine != EngineKind::Auto && execution.engine != EngineKind::Kubernetes)
    return Error{ErrorCode::Invalid, "spec.execution.engine: is " + std::string(name_of(execution.engine)) +
                                         ", and an object of a cluster runs on kubernetes: leave it out"};
  if (!execution.kubernetes.context.empty())
    return Error{
        ErrorCode::Invalid,
        "spec.execution.kubernetes.context: an object runs on the cluster that it is in: leave it out"};
  const std::string& asked = execution.kubernetes.namespace_name;
  if (asked.empty() || asked == own) return {};
  return Error{ErrorCode::Invalid, "spec.execution.kubernetes.namespace: is " + asked +
                                       ", and an object runs in its own, " + own + ": leave it out"};
}

std::set<std::string> secrets_of(const LoadedStudy& study) {
  std::set<std::string> names;
  const auto add = [&](const std::optional<SecretReference>& reference) {
    if (reference) names.insert(reference->name);
  };
  const auto add_all = [&](const std::vector<EnvironmentVariable>& variables) {
    for (const EnvironmentVariable& variable : variables) add(variable.secret);
  };
  const PodTemplate& pod = study.study().pod;
  for (const Container& container : pod.init_containers) add_all(container.environment);
  add_all(pod.main.environment);
  for (const Override& rule : study.study().overrides) add_all(rule.environment);
  for (const Notification& rule : study.manifest.notifications) {
    if (rule.webhook) add(rule.webhook->url_reference);
    if (rule.webhook) add(rule.webhook->secret);
    if (rule.email) add(rule.email->password);
  }
  for (const Volume& volume : pod.volumes) {
    const auto* projected = std::get_if<ProjectedVolume>(&volume.source);
    if (projected && projected->is_secret) names.insert(projected->name);
  }
  return names;
}

}  // namespace

ClusterReader::ClusterReader(ClusterAccess access) : loop_(clock_), api_(loop_, std::move(access)) {}

Result<std::unique_ptr<LoadedStudy>> ClusterReader::load(const std::string& name,
                                                         const std::string& manifest) {
  std::optional<Error> failure;  // of the cluster, not of the study
  SentManifest sent;
  sent.text = manifest;
  sent.name = name;
  sent.read_input = refuse_file;
  sent.find_config = [&](const std::string& config) -> Result<Data> {
    auto found = get("configmaps", config);
    if (!found && found.error().code != ErrorCode::NotFound) failure = found.error();
    if (!found) return std::move(found).error();
    return parse_config_map(*found);
  };
  auto study = load_sent(sent);
  if (failure) return *std::move(failure);
  if (!study) return without_places(study.error());
  if (auto fine = check_place((*study)->study().execution, api_.access().namespace_name); !fine)
    return std::move(fine).error();
  if (auto added = add_secrets(**study); !added) return std::move(added).error();
  return study;
}

Result<void> ClusterReader::add_secrets(LoadedStudy& study) {
  for (const std::string& name : secrets_of(study)) {
    auto found = get("secrets", name);
    if (!found) return std::move(found).error();
    study.manifest.secrets.push_back({name, parse_secret(*found)});
  }
  return {};
}

Result<std::string> ClusterReader::get(const std::string& kind, const std::string& name) {
  const std::string what = kind + "/" + name;
  auto answer = answer_of(api_, api_.of_kind("GET", "/api/v1", kind + "/" + query_escape(name)));
  if (!answer) return std::move(answer).error().within(what);
  const HttpResponse& response = *answer;
  if (response.status == 200) return response.body;
  if (response.status == kStatusMissing)
    return Error{ErrorCode::NotFound,
                 what + ": is not in namespace " + api_.access().namespace_name + ": create it there"};
  return Error{ErrorCode::Unavailable, what + ": " + cluster_failure(response)};
}

}  // namespace studyctl
