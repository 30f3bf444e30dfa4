#include <cstdio>

#include "cli/commands.h"
#include "cli/context.h"
#include "http/access.h"

// token: makes a token, and the line of a --token-file that lets it in.
namespace studyctl {
namespace {

struct TokenOptions {
  std::string name;
  Caller::Role role = Caller::Role::Viewer;
};

int make_token(const TokenOptions& options) {
  const bool is_word = !options.name.empty() && options.name.find_first_not_of(
                                                    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                    "0123456789-_.@") == std::string::npos;
  if (!is_word)
    return fail(
        {ErrorCode::Invalid, "NAME: letters, digits and -_.@ alone: it is who did what in histories"});
  const NewToken made = new_token(options.name, options.role);
  std::printf("%s\n", made.line.c_str());
  std::fprintf(stderr, "the token, which is shown this once: %s\n", made.token.c_str());
  return 0;
}

}  // namespace

void add_token(CLI::App& app, Context& context) {
  TokenOptions& options = context.keep<TokenOptions>();
  CLI::App* command = app.add_subcommand(
      "token",
      "Make a token: the line for the service's --token-file on standard output, the token beside it");
  command->add_option("name", options.name, "Who is to have it")->required()->type_name("NAME");
  const std::map<std::string, Caller::Role> roles = {{"viewer", Caller::Role::Viewer},
                                                     {"operator", Caller::Role::Operator}};
  command->add_option("--role", options.role, "viewer may look; operator may do anything")
      ->transform(CLI::CheckedTransformer(roles))
      ->type_name("ROLE")
      ->default_str("viewer");
  command->final_callback([&] { context.run = [&] { return make_token(options); }; });
}

}  // namespace studyctl
