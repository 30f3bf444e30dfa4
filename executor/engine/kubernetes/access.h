#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/kubernetes/credential_program.h"
#include "io/http_client.h"
#include "model/engine_options.h"

namespace studyctl {

// How a cluster is reached, and as whom.
struct ClusterAccess {
  HttpAddress address;
  std::string token;                         // none when empty
  std::filesystem::path token_file;          // where a newer one is; none when empty
  std::optional<CredentialProgram> program;  // that gives a token or a certificate, where there is neither
  std::vector<std::pair<std::string, std::string>> headers{};  // of every request: whom to act as
  std::string namespace_name;                                  // "default" where nobody names one
  std::string name;  // "context dev" or "this pod's cluster", for people
  // The same context as its kubeconfig says now; null where nobody can tell.
  std::function<Result<ClusterAccess>()> reread{};
};

// A kubeconfig, whose YAML somebody has made JSON of.
struct KubeconfigFile {
  std::filesystem::path path;  // what stands in it is relative to
  std::string json;
};

// What `context` says, or the files' current one when it is empty. Of things with one name the first counts.
// Reads the files that they name. Invalid or NotFound names the file and what is wrong with it.
Result<ClusterAccess> access_from(const std::vector<KubeconfigFile>& files, const std::string& context);

// What a pod gets of its cluster: NotFound when this is none.
Result<ClusterAccess> access_of_this_pod();

// The cluster that is asked for: of the kubeconfigs where there are any, else of this pod.
// `read` is asked for them again, should the cluster know us no more.
using ReadKubeconfigs = std::function<Result<std::vector<KubeconfigFile>>()>;
Result<ClusterAccess> find_cluster(const ReadKubeconfigs& read, const KubernetesOptions& options);

// The token as it is now: in its file, where it has one.
Result<std::string> current_token(const ClusterAccess& access);

}  // namespace studyctl
