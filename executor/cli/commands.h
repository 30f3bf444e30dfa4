#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace studyctl {

struct Context;

// The commands, each in the file of its name.
void add_apply(CLI::App& app, Context& context);
void add_plan(CLI::App& app, Context& context);
void add_render(CLI::App& app, Context& context);
void add_diff(CLI::App& app, Context& context);
void add_validate(CLI::App& app, Context& context);
void add_serve(CLI::App& app, Context& context);
void add_token(CLI::App& app, Context& context);
void add_steering(CLI::App& app, Context& context);  // stop pause resume cancel retry
void add_get(CLI::App& app, Context& context);
void add_describe(CLI::App& app, Context& context);
void add_logs(CLI::App& app, Context& context);
void add_watch(CLI::App& app, Context& context);
void add_wait(CLI::App& app, Context& context);
void add_results(CLI::App& app, Context& context);
void add_report(CLI::App& app, Context& context);
void add_export(CLI::App& app, Context& context);
void add_delete(CLI::App& app, Context& context);
void add_prune(CLI::App& app, Context& context);  // prune keep unkeep
void add_notify(CLI::App& app, Context& context);
void add_doctor(CLI::App& app, Context& context);
void add_create(CLI::App& app, Context& context);
void add_explain(CLI::App& app, Context& context);
void add_config(CLI::App& app, Context& context);
void add_supervise(CLI::App& app, Context& context);
void add_carry(CLI::App& app, Context& context);
void add_completion(CLI::App& app, Context& context);

// All of them, with the options that go before any of them.
void add_commands(CLI::App& app, Context& context);
// Why the command line was not understood, and what to do: ends with a line break.
std::string refusal(const CLI::App* app, const CLI::Error& error);

}  // namespace studyctl
