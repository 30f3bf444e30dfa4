#pragma once

#include <CLI/CLI.hpp>

namespace studyctl {

struct Context;

// The commands that read or tidy, each in the file of its name.
void add_get(CLI::App& app, Context& context);
void add_describe(CLI::App& app, Context& context);
void add_logs(CLI::App& app, Context& context);
void add_watch(CLI::App& app, Context& context);
void add_wait(CLI::App& app, Context& context);
void add_results(CLI::App& app, Context& context);
void add_delete(CLI::App& app, Context& context);
void add_doctor(CLI::App& app, Context& context);
void add_create(CLI::App& app, Context& context);
void add_completion(CLI::App& app, Context& context);

// All of them.
void add_reading_commands(CLI::App& app, Context& context);

}  // namespace studyctl
