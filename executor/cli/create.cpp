#include <cstdio>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/manifest_draft.h"

// create: a manifest to start from.
namespace studyctl {
namespace {

int create(const ManifestDraft& draft) {
  const auto text = draft_manifest(draft);
  if (!text) return fail(text.error());
  std::fwrite(text->data(), 1, text->size(), stdout);
  return kSucceeded;
}

}  // namespace

void add_create(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("create", "Print a manifest to start from");
  command->require_subcommand(1);
  ManifestDraft& draft = context.keep<ManifestDraft>();
  CLI::App* study = command->add_subcommand("study", "Print a commented Study to standard output");
  study->add_option("NAME", draft.name, "metadata.name: lower case, digits and dashes")->required();
  study->add_option("--image", draft.image, "The container image")->type_name("IMAGE")->capture_default_str();
  study
      ->add_option("--param", draft.parameters, "NAME=VALUE,VALUE: an axis of the sweep; any number of times")
      ->type_name("NAME=VALUES")
      ->allow_extra_args(false);
  study->add_option("--cycles", draft.cycles, "How many times each experiment runs")
      ->type_name("N")
      ->capture_default_str();
  study->add_option("--cpu", draft.cpu, "Cores of one experiment: 4, 500m")->type_name("CORES");
  study->add_option("--memory", draft.memory, "Memory of one experiment: 8Gi")->type_name("SIZE");
  study->add_option("--gpus", draft.gpus, "Whole NVIDIA GPUs of one experiment")->type_name("N");
  study->add_option("COMMAND", draft.command,
                    "Behind --: what runs in the container; ${params.NAME} is put in");
  study->footer(
      "studyctl create study lr-scan --image acme/train:1 --param lr=0.1,0.2 -- train --lr '${params.lr}' > "
      "study.yaml");
  study->final_callback([&] { context.run = [&] { return create(draft); }; });
}

}  // namespace studyctl
