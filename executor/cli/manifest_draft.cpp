#include "cli/manifest_draft.h"

#include "base/text.h"
#include "manifest/literal.h"
#include "manifest/manifest.h"
#include "manifest/written.h"

namespace studyctl {
namespace {

struct Axis {
  std::string name;
  std::vector<std::string> values;
};

Result<std::vector<Axis>> axes_of(const ManifestDraft& draft) {
  std::vector<Axis> axes;
  for (const std::string& parameter : draft.parameters) {
    const size_t equals = parameter.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == parameter.size())
      return Error{ErrorCode::Invalid, "--param " + printable(parameter) + ": wants NAME=VALUE[,VALUE]"};
    axes.push_back({parameter.substr(0, equals), split(parameter.substr(equals + 1), ',')});
  }
  return axes;
}

std::string quoted(const std::string& text) {
  return json_of(Written::text(text), Keys::AsWritten);
}

// As one writes it: without quotes what means the same everywhere.
std::string scalar(const std::string& text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";
  const bool plain =
      !text.empty() && text.front() != '-' && text.find_first_not_of(kPlain) == std::string::npos;
  return plain && is_own_meaning(text) ? text : quoted(text);
}

std::string list(const std::vector<std::string>& items) {
  std::vector<std::string> texts;
  for (const std::string& item : items) texts.push_back(scalar(item));
  return "[" + join(texts, ", ") + "]";
}

std::vector<std::string> command_of(const ManifestDraft& draft, const std::vector<Axis>& axes) {
  if (!draft.command.empty()) return draft.command;
  std::string line = "echo";
  for (const Axis& axis : axes) line += " " + axis.name + "=${params." + axis.name + "}";
  return {"sh", "-c", line + " value=42"};
}

std::string limits_of(const ManifestDraft& draft) {
  std::vector<std::string> limits;
  if (!draft.cpu.empty()) limits.push_back("cpu: " + quoted(draft.cpu));
  if (!draft.memory.empty()) limits.push_back("memory: " + scalar(draft.memory));
  if (draft.gpus) limits.push_back("nvidia.com/gpu: " + std::to_string(*draft.gpus));
  if (!limits.empty()) return "          resources:\n            limits: {" + join(limits, ", ") + "}\n";
  return "          # What one experiment may use, and what packing counts:\n"
         "          # resources:\n"
         "          #   limits: {cpu: \"4\", memory: 8Gi, nvidia.com/gpu: 1}\n";
}

std::string sweep_of(const std::vector<Axis>& axes) {
  if (axes.empty())
    return "  # The axes; every combination is an experiment.\n"
           "  # sweep:\n"
           "  #   lr: [0.1, 0.2]\n"
           "  #   model: [small, large]\n";
  std::string text =
      "  # The axes; every combination is an experiment. The first varies slowest.\n  sweep:\n";
  for (const Axis& axis : axes) text += "    " + scalar(axis.name) + ": " + list(axis.values) + "\n";
  return text +
         "  # Combinations that make no sense:\n"
         "  # exclude:\n"
         "  #   - {" +
         scalar(axes.front().name) + ": " + scalar(axes.front().values.front()) + "}\n";
}

std::string text_of(const ManifestDraft& draft, const std::vector<Axis>& axes) {
  return "# studyctl validate FILE; studyctl plan FILE; studyctl apply FILE\n"
         "apiVersion: studyctl.io/v1alpha1\n"
         "kind: Study\n"
         "metadata:\n"
         "  name: " +
         scalar(draft.name) + "\nspec:\n" + sweep_of(axes) +
         "  template:\n"
         "    spec:\n"
         "      containers:\n"
         "        - name: main\n"
         "          image: " +
         scalar(draft.image) + "\n          command: " + list(command_of(draft, axes)) + "\n" +
         limits_of(draft) +
         "  results:\n"
         "    # What the container leaves in $STUDY_RESULTS (/results) is kept. Without these it has not "
         "succeeded:\n"
         "    # required: [result.json]\n"
         "    metrics:\n"
         "      - {name: value, from: {stdout: true, regex: 'value=([-0-9.eE+]+)'}}\n"
         "      # - {name: latency, from: {file: result.json, pointer: /latency/p50}, unit: ms, goal: "
         "minimize}\n"
         "  execution:\n"
         "    cycles: " +
         std::to_string(draft.cycles) +
         "\n"
         "    order: Interleaved      # or Sequential, Shuffled, ABBA\n"
         "    parallelism: 1          # a measurement shares the machine with nobody\n"
         "    timeouts: {run: 1h}     # of one attempt; also stalled, pending, study, grace\n"
         "    retry: {limit: 0}       # how often what failed runs again\n"
         "    # failureThreshold: {maxFailed: \"10%\", action: Pause}\n"
         "    # cooldown: {experiment: 10s}\n";
}

}  // namespace

Result<std::string> draft_manifest(const ManifestDraft& draft) {
  const auto axes = axes_of(draft);
  if (!axes) return axes.error();
  std::string text = text_of(draft, *axes);
  if (auto read = read_manifest(text, draft.name + ".yaml"); !read) return std::move(read).error();
  return text;
}

}  // namespace studyctl
