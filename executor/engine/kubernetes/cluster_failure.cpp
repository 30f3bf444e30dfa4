#include "base/text.h"
#include "engine/json_read.h"
#include "engine/kubernetes/cluster_api.h"

// What a cluster's refusals say.
namespace studyctl {
namespace {

// The word in quotes behind `name`.
std::string quoted_behind(const std::string& text, const std::string& name) {
  const size_t begin = text.find(name + " \"");
  if (begin == std::string::npos) return {};
  const size_t word = begin + name.size() + 2;
  return text.substr(word, text.find('"', word) - word);
}

// Of RBAC's `User "x" cannot create resource "jobs" in API group "batch" in the namespace "y"`.
std::string missing_rule(const std::string& said) {
  constexpr std::string_view kCannot = "\" cannot ";
  const size_t cannot = said.find(kCannot);
  const std::string resource = quoted_behind(said, "resource");
  if (cannot == std::string::npos || resource.empty()) return {};
  const size_t verb = cannot + kCannot.size();
  const std::vector<std::string> verbs = {said.substr(verb, said.find(' ', verb) - verb)};
  return ": a Role lacks " + rbac_rule(quoted_behind(said, "API group"), resource, verbs);
}

}  // namespace

std::string rbac_rule(const std::string& group, const std::string& resource,
                      const std::vector<std::string>& verbs) {
  return "{apiGroups: [" + (group.empty() ? "\"\"" : group) + "], resources: [" + resource + "], verbs: [" +
         join(verbs, ", ") + "]}";
}

std::string hold_of(const HttpResponse& response, const std::string& namespace_name) {
  if (response.status == kStatusUnauthorized) return cluster_failure(response);
  const auto status = nlohmann::json::parse(response.body, nullptr, false);
  const std::string said = json_string(status, "message");
  if (response.status == kStatusForbidden) {
    if (said.find("because it is being terminated") != std::string::npos)
      return "namespace " + namespace_name + " is being deleted: nothing starts until it is there anew";
    return missing_rule(said).empty() ? std::string() : cluster_failure(response);
  }
  const bool is_namespace = json_string(json_child(status, "details"), "kind") == "namespaces";
  if (response.status == kStatusMissing && is_namespace)
    return "there is no namespace '" + namespace_name + "': kubectl create namespace " + namespace_name;
  return {};
}

std::string cluster_failure(const HttpResponse& response) {
  const auto status = nlohmann::json::parse(response.body, nullptr, false);
  std::string said = printable(json_string(status, "message"));
  if (response.status == kStatusUnauthorized)
    return "it does not know who we are (401): the token may be expired";
  if (response.status == kStatusForbidden) said += missing_rule(said);
  if (!said.empty()) return said;
  return "it answered " + std::to_string(response.status);
}

}  // namespace studyctl
