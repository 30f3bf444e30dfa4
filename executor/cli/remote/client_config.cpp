#include "cli/remote/client_config.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/fd.h"
#include "base/linked_file.h"
#include "base/text.h"
#include "manifest/document.h"
#include "manifest/fields.h"
#include "manifest/written.h"

namespace studyctl {
namespace {

constexpr const char* kApiVersion = "studyctl.io/v1alpha1";

struct ContextField {
  const char* name;
  std::string ServerContext::*text;
};
constexpr std::array<ContextField, 7> kFields = {
    {{"name", &ServerContext::name},
     {"server", &ServerContext::server},
     {"token", &ServerContext::token},
     {"tokenFile", &ServerContext::token_file},
     {"certificateAuthority", &ServerContext::certificate_authority},
     {"clientCertificate", &ServerContext::client_certificate},
     {"clientKey", &ServerContext::client_key}}};

// The entries of a map, each of which must be known.
std::vector<Node::Entry> known_entries(Problems& problems, const Item& item,
                                       const std::vector<std::string>& known) {
  if (item.node->kind != Node::Kind::Map) {
    problems.add(item.node->place, item.path, "must be a map, is " + std::string(kind_words(*item.node)));
    return {};
  }
  std::vector<Node::Entry> entries;
  for (const Node::Entry& entry : item.node->entries)
    if (std::find(known.begin(), known.end(), entry.key) == known.end())
      problems.add(entry.place, item.path, unknown_name("field '" + entry.key + "'", entry.key, known));
    else
      entries.push_back(entry);
  return entries;
}

ServerContext read_context(Problems& problems, const Item& item) {
  ServerContext context;
  std::vector<std::string> known;
  for (const ContextField& field : kFields) known.emplace_back(field.name);
  for (const Node::Entry& entry : known_entries(problems, item, known))
    for (const ContextField& field : kFields)
      if (entry.key == field.name)
        if (auto text = read_raw_text(problems, {entry.value, item.path + "." + entry.key}))
          context.*field.text = *std::move(text);
  if (context.name.empty()) problems.add(item.node->place, item.path, "a name is missing");
  return context;
}

ClientConfig read_root(Problems& problems, const Node& root) {
  ClientConfig config;
  const Item top{&root, ""};
  for (const Node::Entry& entry :
       known_entries(problems, top, {"apiVersion", "kind", "currentContext", "contexts"})) {
    const Item item{entry.value, entry.key};
    if (entry.key == "contexts") {
      for (const Item& context : read_list(problems, item))
        config.contexts.push_back(read_context(problems, context));
      continue;
    }
    const auto text = read_raw_text(problems, item);
    if (entry.key == "currentContext") config.current = text.value_or("");
    if (entry.key == "apiVersion" && text && *text != kApiVersion)
      problems.add(entry.place, entry.key, "must be " + std::string(kApiVersion));
    if (entry.key == "kind" && text && *text != "Config")
      problems.add(entry.place, entry.key, "must be Config");
  }
  return config;
}

Written written(const ServerContext& context) {
  Written::Map map;
  for (const ContextField& field : kFields)
    if (const std::string& text = context.*field.text; !text.empty())
      map.emplace_back(field.name, Written::text(text));
  return {map};
}

}  // namespace

const ServerContext* ClientConfig::find(const std::string& name) const {
  for (const ServerContext& context : contexts)
    if (context.name == name) return &context;
  return nullptr;
}

Error no_context(const std::string& name, const ClientConfig& config) {
  std::vector<std::string> names;
  for (const ServerContext& context : config.contexts) names.push_back(context.name);
  return {ErrorCode::NotFound, "there is no context '" + printable(name) + "' in " +
                                   client_config_path().string() +
                                   (names.empty() ? ": studyctl config set-context NAME --server URL"
                                                  : "; there is: " + join(names, ", "))};
}

std::filesystem::path client_config_path() {
  if (const char* path = std::getenv("STUDYCTL_CONFIG"); path && *path) return path;
  if (const char* config = std::getenv("XDG_CONFIG_HOME"); config && *config)
    return std::filesystem::path(config) / "studyctl" / "config";
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home ? home : "/") / ".config" / "studyctl" / "config";
}

Result<ClientConfig> read_client_config(const std::filesystem::path& path) {
  struct stat about {};
  if (stat(path.c_str(), &about) != 0 && errno == ENOENT) return ClientConfig();
  auto text = read_linked_file(path, kMostBytes);
  if (!text) return std::move(text).error();
  Source source(path.string(), *text);
  Problems problems(source);
  const Documents documents = read_documents(*text, problems);
  ClientConfig config;
  if (!documents.roots.empty()) config = read_root(problems, *documents.roots.front());
  if (problems.any()) return problems.error();
  const bool has_token = std::any_of(config.contexts.begin(), config.contexts.end(),
                                     [](const ServerContext& one) { return !one.token.empty(); });
  if (has_token && (about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return Error{ErrorCode::Invalid,
                 path.string() + ": others may read it, and it holds a token: chmod go= " + path.string()};
  return config;
}

std::string yaml_of(const ClientConfig& config) {
  Written::List contexts;
  for (const ServerContext& context : config.contexts) contexts.push_back(written(context));
  Written::Map map = {{"apiVersion", Written::text(kApiVersion)}, {"kind", Written::text("Config")}};
  if (!config.current.empty()) map.emplace_back("currentContext", Written::text(config.current));
  map.emplace_back("contexts", Written{contexts});
  return yaml_of(Written{map});
}

Result<void> write_client_config(const std::filesystem::path& path, const ClientConfig& config) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error)
    return Error{ErrorCode::Unavailable,
                 path.parent_path().string() + ": cannot be made: " + error.message()};
  return write_file_atomically(path, yaml_of(config), 0600);
}

}  // namespace studyctl
