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
Result<void> refuse_unknown(const Entry& user) {
  constexpr std::array<std::pair<const char*, const char*>, 4> kUnknown = {
      {{"auth-provider",
        "kubectl has none any more either: use an exec plugin, as of your cloud or kubelogin"},
       {"username",
        "clusters take no passwords since 1.19: use a token, a client certificate or an exec plugin"},
       {"as-user-extra", "use a context whose user needs none"},
       {"impersonate-user-extra", "use a context whose user needs none"}}};
  for (const auto& [name, instead] : kUnknown) {
    if (json_child(user.value, name).is_null()) continue;
    return Error{ErrorCode::Invalid,
                 user.file->string() + ": " + name + " of a kubeconfig is not supported; " + instead};
  }
  return {};
}

Result<void> read_proxy(const Entry& cluster, ClusterAccess& access) {
  std::string proxy = json_string(cluster.value, "proxy-url");
  if (proxy.empty()) return {};
  const std::string scheme = proxy.substr(0, proxy.find("://"));
  if (scheme != "http" && scheme != "https" && scheme != "socks5")
    return Error{ErrorCode::Invalid, cluster.file->string() + ": proxy-url: is '" + printable(proxy) +
                                         "'; it must begin with http://, https:// or socks5://"};
  // Whose names the proxy is to know.
  if (scheme == "socks5") proxy.insert(scheme.size(), "h");
  access.address.proxy = std::move(proxy);
  return {};
}

Result<void> read_cluster(const Entry& cluster, ClusterAccess& access) {
  auto address = HttpAddress::parse(json_string(cluster.value, "server"));
  if (!address) return std::move(address).error().within(cluster.file->string() + ": server");
  access.address = *std::move(address);
  if (json_bool(cluster.value, "insecure-skip-tls-verify"))
    access.address.verify = HttpAddress::Verify::Nobody;
  auto authority = read_pem(cluster, "certificate-authority");
  if (!authority) return std::move(authority).error();
  access.address.ca_pem = *std::move(authority);
  access.address.tls_name = json_string(cluster.value, "tls-server-name");
  return read_proxy(cluster, access);
}

// What a credential program may ask of the cluster that it is for.
json info_of(const Entry& cluster, const ClusterAccess& access) {
  json info{{"server", json_string(cluster.value, "server")}};
  for (const char* name : {"tls-server-name", "insecure-skip-tls-verify", "proxy-url"}) {
    if (const json& value = json_child(cluster.value, name); !value.is_null()) info[name] = value;
  }
  if (!access.address.ca_pem.empty()) info["certificate-authority-data"] = to_base64(access.address.ca_pem);
  for (const json& one : json_child(cluster.value, "extensions")) {
    if (json_string(one, "name") == "client.authentication.k8s.io/exec")
      info["config"] = json_child(one, "extension");
  }
  return info;
}

void read_impersonation(const Entry& user, ClusterAccess& access) {
  for (const auto& [name, header] : {std::pair("as", "Impersonate-User"), {"as-uid", "Impersonate-Uid"}}) {
    if (std::string value = json_string(user.value, name); !value.empty())
      access.headers.emplace_back(header, std::move(value));
  }
  for (const json& group : json_child(user.value, "as-groups"))
    if (group.is_string()) access.headers.emplace_back("Impersonate-Group", group.get<std::string>());
}

// A token that stands there goes before a program.
Result<void> read_program(const Entry& user, const Entry& cluster, ClusterAccess& access) {
  const json& exec = json_child(user.value, "exec");
  if (exec.is_null() || !access.token.empty() || !access.token_file.empty()) return {};
  auto program = read_credential_program(exec, info_of(cluster, access), user.file->parent_path());
  if (!program) return std::move(program).error().within(user.file->string());
  access.program = *std::move(program);
  return {};
}

Result<void> read_user(const Entry& user, ClusterAccess& access) {
  if (auto known = refuse_unknown(user); !known) return known;
  auto certificate = read_pem(user, "client-certificate");
  if (!certificate) return std::move(certificate).error();
  auto key = read_pem(user, "client-key");
  if (!key) return std::move(key).error();
  access.address.certificate_pem = *std::move(certificate);
  access.address.key_pem = *std::move(key);
  access.token = json_string(user.value, "token");
  if (const std::string file = json_string(user.value, "tokenFile"); !file.empty())
    access.token_file = beside(user, file);
  read_impersonation(user, access);
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

// Empty where nobody names one, or none can be read.
std::string chosen_context(const std::vector<KubeconfigFile>& files) {
  const auto parsed = parse(files);
  return parsed ? current_context(*parsed) : std::string();
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
  if (auto read = read_program(*user, *cluster, access); !read) return std::move(read).error();
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

Result<ClusterAccess> find_cluster(const ReadKubeconfigs& read, const KubernetesOptions& options) {
  const auto files = read ? read() : std::vector<KubeconfigFile>();
  if (!files) return files.error();
  const bool is_configured = !files->empty() || !options.context.empty();
  const std::string context = options.context.empty() ? chosen_context(*files) : options.context;
  auto access = is_configured ? access_from(*files, context) : access_of_this_pod();
  if (!is_configured && !access && access.error().code == ErrorCode::NotFound)
    return Error{ErrorCode::NotFound,
                 "no cluster: there is no kubeconfig, and this is no pod of one; set KUBECONFIG"};
  if (!access) return access;
  if (!options.namespace_name.empty()) access->namespace_name = options.namespace_name;
  if (is_configured)
    access->reread = [read, context]() -> Result<ClusterAccess> {
      const auto now = read();
      if (!now) return now.error();
      return access_from(*now, context);
    };
  return access;
}

Result<std::string> current_token(const ClusterAccess& access) {
  if (access.token_file.empty()) return access.token;
  auto text = read_linked_file(access.token_file);
  if (!text) return std::move(text).error();
  return std::string(trim(*text));
}

}  // namespace studyctl
