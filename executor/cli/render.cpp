#include <cstdio>

#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/study_options.h"
#include "manifest/inputs.h"
#include "study/study_source.h"

// render: a manifest that needs no file beside it, for `kubectl apply -f -`.
namespace studyctl {
namespace {

int render(const StudyArguments& arguments) {
  auto study = load_study(arguments);
  if (!study) return fail(study.error());
  LoadedStudy& loaded = **study;
  print_warnings(loaded);
  std::map<std::string, std::string> files;
  for (const auto& [path, hash] : loaded.inputs) files[path] = loaded.contents.at(hash);
  auto inputs = pack_inputs(loaded.study().name, files);
  if (!inputs) return fail(inputs.error());
  loaded.manifest.inputs = *std::move(inputs);
  std::printf("%s", to_yaml(loaded.manifest).c_str());
  for (const SecretDocument& secret : loaded.manifest.secrets)
    std::fprintf(stderr, "Secret %s is left out: hand it over by itself\n", secret.name.c_str());
  return kSucceeded;
}

}  // namespace

void add_render(CLI::App& app, Context& context) {
  StudyArguments& arguments = context.keep<StudyArguments>();
  CLI::App* command =
      app.add_subcommand("render", "Print a manifest with its files in ConfigMaps, for kubectl apply -f -");
  add_study_options(*command, arguments);
  command->final_callback([&] { context.run = [&] { return render(arguments); }; });
}

}  // namespace studyctl
