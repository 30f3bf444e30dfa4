#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/fd.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/remote/client_config.h"
#include "io/http_client.h"
#include "study/table.h"

// config: which services elsewhere there are, and which one commands go to.
namespace studyctl {
namespace {

struct ConfigOptions {
  ServerContext context;
  bool reads_token = false;
};

// What `change` makes of the file; kSucceeded once it is written.
int change_config(const std::function<Result<std::string>(ClientConfig&)>& change) {
  auto config = read_client_config(client_config_path());
  if (!config) return fail(config.error());
  const auto said = change(*config);
  if (!said) return fail(said.error());
  if (auto written = write_client_config(client_config_path(), *config); !written)
    return fail(written.error());
  std::printf("%s\n", said->c_str());
  return kSucceeded;
}

// The first line of standard input.
std::string read_token() {
  std::string token;
  for (char c = 0; read(STDIN_FILENO, &c, 1) == 1 && c != '\n';) token += c;
  return std::string(trim(token));
}

Result<std::string> set_context(ClientConfig& config, const ConfigOptions& options) {
  const ServerContext& given = options.context;
  auto found = std::find_if(config.contexts.begin(), config.contexts.end(),
                            [&](const ServerContext& one) { return one.name == given.name; });
  const bool is_new = found == config.contexts.end();
  if (is_new && given.server.empty())
    return Error{ErrorCode::Invalid, "--server is missing: where the service is, https://lab.example:8080"};
  if (!given.server.empty())
    if (auto address = HttpAddress::parse(given.server); !address)
      return std::move(address).error().within("--server");
  if (is_new) found = config.contexts.insert(config.contexts.end(), ServerContext());
  for (const auto field : {&ServerContext::name, &ServerContext::server, &ServerContext::token,
                           &ServerContext::token_file, &ServerContext::certificate_authority,
                           &ServerContext::client_certificate, &ServerContext::client_key})
    if (!(given.*field).empty()) (*found).*field = given.*field;
  if (options.reads_token) found->token = read_token();
  if (!given.token_file.empty()) found->token.clear();
  if (options.reads_token) found->token_file.clear();
  return "context " + given.name + (is_new ? ": made" : ": changed") +
         (config.current == given.name ? ""
                                       : "; `studyctl config use-context " + given.name + "` turns to it");
}

Result<std::string> use_context(ClientConfig& config, const ConfigOptions& options) {
  const ServerContext* context = config.find(options.context.name);
  if (!context) return no_context(options.context.name, config);
  config.current = context->name;
  return "commands go to " + context->server + " (" + context->name + ")";
}

Result<std::string> unset_context(ClientConfig& config, const ConfigOptions& /*options*/) {
  config.current.clear();
  return std::string("commands work on this machine");
}

Result<std::string> delete_context(ClientConfig& config, const ConfigOptions& options) {
  if (!config.find(options.context.name)) return no_context(options.context.name, config);
  std::erase_if(config.contexts, [&](const ServerContext& one) { return one.name == options.context.name; });
  if (config.current == options.context.name) config.current.clear();
  return "context " + options.context.name + ": deleted";
}

int get_contexts() {
  const auto config = read_client_config(client_config_path());
  if (!config) return fail(config.error());
  if (config->contexts.empty()) {
    std::fprintf(stderr, "there is no context yet: studyctl config set-context NAME --server URL\n");
    return kSucceeded;
  }
  Table table(stdout, {"CURRENT", "NAME", "SERVER", "TOKEN"});
  for (const ServerContext& context : config->contexts)
    table.row({context.name == config->current ? "*" : "", context.name, context.server,
               !context.token.empty()        ? "yes"
               : !context.token_file.empty() ? context.token_file
                                             : "-"});
  table.flush();
  return kSucceeded;
}

struct ChangeCommand {
  const char* name;
  const char* about;
  Result<std::string> (*change)(ClientConfig& config, const ConfigOptions& options);
};

CLI::App* add_change(CLI::App& config, Context& context, ConfigOptions& options, const ChangeCommand& one) {
  CLI::App* command = config.add_subcommand(one.name, one.about);
  command->final_callback([&context, &options, change = one.change] {
    context.run = [&options, change] {
      return change_config([&](ClientConfig& file) { return change(file, options); });
    };
  });
  return command;
}

void add_context_fields(CLI::App& command, ConfigOptions& options) {
  ServerContext& context = options.context;
  command.add_option("--server", context.server, "Where the service is: https://lab.example:8080")
      ->type_name("URL");
  command.add_option("--token-file", context.token_file, "A file that holds the token")->type_name("FILE");
  command.add_flag("--token-stdin", options.reads_token, "Read the token from standard input and keep it");
  command
      .add_option("--certificate-authority", context.certificate_authority,
                  "By whose certificates the service is known (PEM)")
      ->type_name("FILE");
  command.add_option("--client-certificate", context.client_certificate, "To be known by (PEM)")
      ->type_name("FILE");
  command.add_option("--client-key", context.client_key, "The certificate's key (PEM)")->type_name("FILE");
}

}  // namespace

void add_config(CLI::App& app, Context& context) {
  ConfigOptions& options = context.keep<ConfigOptions>();
  CLI::App* config =
      app.add_subcommand("config", "Which services elsewhere there are, and which one commands go to");
  config->require_subcommand(1);
  config->footer(
      "They are kept in ~/.config/studyctl/config ($STUDYCTL_CONFIG). For one command: --context NAME, or "
      "--server URL\n"
      "($STUDYCTL_SERVER) with the token of its context or $STUDYCTL_TOKEN.");
  const auto add = [&](const ChangeCommand& one) { return add_change(*config, context, options, one); };
  CLI::App* set = add({"set-context", "Name a service, or change what is known of it", set_context});
  add_context_fields(*set, options);
  CLI::App* use = add({"use-context", "Have commands go to a service", use_context});
  CLI::App* remove = add({"delete-context", "Forget a service", delete_context});
  for (CLI::App* command : {set, use, remove})
    command->add_option("NAME", options.context.name, "The context's name")->required();
  add({"unset-context", "Have commands work on this machine again", unset_context});
  config->add_subcommand("get-contexts", "List them")->final_callback([&context] {
    context.run = [] { return get_contexts(); };
  });
}

}  // namespace studyctl
