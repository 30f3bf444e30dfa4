#include "cli/remote/server_choice.h"

#include <algorithm>
#include <cstdlib>

#include "base/linked_file.h"
#include "base/text.h"
#include "cli/remote/client_config.h"

namespace studyctl {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// The one that is meant; nothing: the results on this machine.
Result<std::optional<ServerContext>> meant(const ServerFlags& flags, const ClientConfig& config) {
  std::string server = flags.server, name = flags.context;
  const bool is_flagged = !server.empty() || !name.empty();
  if (flags.has_results && !is_flagged) return std::optional<ServerContext>();
  if (!is_flagged) server = variable("STUDYCTL_SERVER");
  if (server.empty() && name.empty()) {
    if (!variable("STUDYCTL_RESULTS").empty() || config.current.empty())
      return std::optional<ServerContext>();
    name = config.current;
  }
  if (server.empty()) {
    const ServerContext* context = config.find(name);
    if (!context) return no_context(name, config);
    return std::optional(*context);
  }
  const auto known = std::find_if(config.contexts.begin(), config.contexts.end(),
                                  [&](const ServerContext& one) { return one.server == server; });
  if (known != config.contexts.end()) return std::optional(*known);
  ServerContext context;
  context.server = server;
  return std::optional(context);
}

Result<std::string> token_of(const ServerContext& context) {
  if (std::string token = variable("STUDYCTL_TOKEN"); !token.empty()) return token;
  if (context.token_file.empty()) return context.token;
  auto token = read_linked_file(context.token_file, 4096);
  if (!token) return std::move(token).error();
  return std::string(trim(*token));
}

Result<ServiceLink> link_to(const ServerContext& context) {
  // A host alone is meant to be reached by HTTP, as curl takes it.
  const bool has_scheme = context.server.find("://") != std::string::npos;
  auto address = HttpAddress::parse(has_scheme ? context.server : "http://" + context.server);
  if (!address) return std::move(address).error().within("--server");
  address->ca_file = context.certificate_authority;
  address->certificate_file = context.client_certificate;
  address->key_file = context.client_key;
  auto token = token_of(context);
  if (!token) return std::move(token).error();
  ServiceLink link{*std::move(address), {}};
  if (!token->empty()) link.headers.emplace_back("Authorization", "Bearer " + *token);
  return link;
}

}  // namespace

Result<std::optional<ServiceLink>> chosen_server(const ServerFlags& flags) {
  if (!flags.server.empty() && !flags.context.empty())
    return Error{ErrorCode::Invalid, "--server and --context: name one of them"};
  if (flags.has_results && (!flags.server.empty() || !flags.context.empty()))
    return Error{ErrorCode::Invalid, "--results is on this machine and --server is not: name one of them"};
  const auto config = read_client_config(client_config_path());
  if (!config) return config.error();
  const auto context = meant(flags, *config);
  if (!context) return context.error();
  if (!*context) return std::optional<ServiceLink>();
  auto link = link_to(**context);
  if (!link) return std::move(link).error();
  return std::optional(*std::move(link));
}

}  // namespace studyctl
