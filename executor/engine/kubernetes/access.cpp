#include "engine/kubernetes/access.h"

#include <array>
#include <cstdlib>

#include "base/hash.h"
#include "base/linked_file.h"
#include "base/text.h"
#include "engine/json_read.h"

namespace studyctl {
namespace {

using nlohmann::json;

const std::filesystem::path kPodAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

// An entry of clusters, users or contexts, and the file that it is in.
struct Entry {
  const std::filesystem::path* file = nullptr;
  json value;
};

struct Parsed {
  const std::filesystem::path* path;
  json document;
};

Result<Entry> find_entry(const std::vector<Parsed>& files, std::string_view kind, const std::string& name) {
  const std::string list = std::string(kind) + "s";
  for (const auto& [path, document] : files) {
    for (const json& one : json_child(document, list.c_str())) {
      if (json_string(one, "name") == name) return Entry{path, json_child(one, std::string(kind).c_str())};
    }
  }
  return Error{ErrorCode::NotFound, files.front().path->string() + ": there is no " + std::string(kind) +
                                        " '" + printable(name) + "' in the kubeconfig"};
}

std::filesystem::path beside(const Entry& entry, const std::string& name) {
  return entry.file->parent_path() / name;
}

// "certificate-authority-data" in base64, or the file "certificate-authority"; empty when neither is there.
Result<std::string> read_pem(const Entry& entry, const std::string& name) {
  if (const std::string data = json_string(entry.value, (name + "-data").c_str()); !data.empty()) {
    auto decoded = from_base64(data);
    if (decoded) return *std::move(decoded);
    return Error{ErrorCode::Invalid, entry.file->string() + ": " + name + "-data is not base64"};
  }
  const std::string file = json_string(entry.value, name.c_str());
  return file.empty() ? Result<std::string>(std::string()) : read_linked_file(beside(entry, file));
}

// What would have to be obeyed, and is not known here.
Result<void> refuse_unknown(const Entry& entry, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (json_child(entry.value, name).is_null()) continue;
    return Error{ErrorCode::Invalid,
                 entry.file->string() + ": " + name +
                     " of a kubeconfig is not supported; use a context with a token or a client certificate"};
  }
  return {};
}

Result<void> read_cluster(const Entry& cluster, ClusterAccess& access) {
  if (auto known = refuse_unknown(cluster, {"tls-server-name", "proxy-url"}); !known) return known;
  auto address = HttpAddress::parse(json_string(cluster.value, "server"));
  if (!address) return std::move(address).error().within(cluster.file->string() + ": server");
  access.address = *std::move(address);
  if (json_bool(cluster.value, "insecure-skip-tls-verify"))
    access.address.verify = HttpAddress::Verify::Nobody;
  auto authority = read_pem(cluster, "certificate-authority");
  if (!authority) return std::move(authority).error();
  access.address.ca_pem = *std::move(authority);
  return {};
}

Result<void> read_user(const Entry& user, ClusterAccess& access) {
  if (auto known = refuse_unknown(user, {"exec", "auth-provider", "username"}); !known) return known;
  auto certificate = read_pem(user, "client-certificate");
  if (!certificate) return std::move(certificate).error();
  auto key = read_pem(user, "client-key");
  if (!key) return std::move(key).error();
  access.address.certificate_pem = *std::move(certificate);
  access.address.key_pem = *std::move(key);
  access.token = json_string(user.value, "token");
  if (const std::string file = json_string(user.value, "tokenFile"); !file.empty())
    access.token_file = beside(user, file);
  return {};
}

Result<std::vector<Parsed>> parse(const std::vector<KubeconfigFile>& files) {
  std::vector<Parsed> parsed;
  for (const KubeconfigFile& file : files) {
    parsed.push_back({&file.path, json::parse(file.json, nullptr, false)});
    if (!parsed.back().document.is_object())
      return Error{ErrorCode::Invalid, file.path.string() + ": is no kubeconfig"};
  }
  return parsed;
}

std::string current_context(const std::vector<Parsed>& files) {
  for (const auto& [path, document] : files) {
    if (auto name = json_string(document, "current-context"); !name.empty()) return name;
  }
  return {};
}

}  // namespace

Result<ClusterAccess> access_from(const std::vector<KubeconfigFile>& files, const std::string& context) {
  if (files.empty()) return Error{ErrorCode::NotFound, "there is no kubeconfig: set KUBECONFIG"};
  const auto parsed = parse(files);
  if (!parsed) return parsed.error();
  const std::string wanted = context.empty() ? current_context(*parsed) : context;
  if (wanted.empty())
    return Error{ErrorCode::NotFound,
                 files.front().path.string() +
                     ": has no current-context; name one with spec.execution.kubernetes.context"};
  auto chosen = find_entry(*parsed, "context", wanted);
  if (!chosen) return std::move(chosen).error();
  auto cluster = find_entry(*parsed, "cluster", json_string(chosen->value, "cluster"));
  if (!cluster) return std::move(cluster).error();
  auto user = find_entry(*parsed, "user", json_string(chosen->value, "user"));
  if (!user) return std::move(user).error();
  ClusterAccess access;
  access.name = "context " + wanted;
  access.namespace_name = json_string(chosen->value, "namespace");
  if (access.namespace_name.empty()) access.namespace_name = "default";
  if (auto read = read_cluster(*cluster, access); !read) return std::move(read).error();
  if (auto read = read_user(*user, access); !read) return std::move(read).error();
  return access;
}

Result<ClusterAccess> access_of_this_pod() {
  const char* host = std::getenv("KUBERNETES_SERVICE_HOST");
  const char* port = std::getenv("KUBERNETES_SERVICE_PORT");
  if (host == nullptr || port == nullptr) return Error{ErrorCode::NotFound, "this is no pod of a cluster"};
  const bool is_ipv6 = std::string_view(host).find(':') != std::string_view::npos;
  const std::string name = is_ipv6 ? "[" + std::string(host) + "]" : std::string(host);
  auto address = HttpAddress::parse("https://" + name + ":" + port);
  if (!address) return std::move(address).error().within("KUBERNETES_SERVICE_HOST");
  ClusterAccess access;
  access.address = *std::move(address);
  access.address.ca_file = (kPodAccount / "ca.crt").string();
  access.token_file = kPodAccount / "token";
  access.name = "this pod's cluster";
  auto own = read_linked_file(kPodAccount / "namespace");
  if (!own) return std::move(own).error();
  access.namespace_name = trim(*own);
  return access;
}

Result<ClusterAccess> find_cluster(const std::vector<KubeconfigFile>& files,
                                   const KubernetesOptions& options) {
  const bool is_configured = !files.empty() || !options.context.empty();
  auto access = is_configured ? access_from(files, options.context) : access_of_this_pod();
  if (!is_configured && !access && access.error().code == ErrorCode::NotFound)
    return Error{ErrorCode::NotFound,
                 "no cluster: there is no kubeconfig, and this is no pod of one; set KUBECONFIG"};
  if (access && !options.namespace_name.empty()) access->namespace_name = options.namespace_name;
  return access;
}

Result<std::string> current_token(const ClusterAccess& access) {
  if (access.token_file.empty()) return access.token;
  auto text = read_linked_file(access.token_file);
  if (!text) return std::move(text).error();
  return std::string(trim(*text));
}

}  // namespace studyctl
