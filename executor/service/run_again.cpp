#include "service/run_again.h"

#include "plan/experiment.h"
#include "study/applied_manifest.h"

namespace studyctl {
namespace {

// The contents that a run keeps, for another one.
Result<void> take_inputs(const ChosenRun& chosen, LoadedStudy& study) {
  for (const auto& [path, sha256] : study.inputs) {
    auto content = chosen.directory.input(sha256);
    if (!content) return std::move(content).error().within(path);
    study.contents.try_emplace(sha256, *std::move(content));
  }
  return {};
}

// All that is planned and not selected will not run.
Result<std::optional<Command>> leave_out(const LoadedStudy& study, const AgainRequest& request) {
  const Selection& selection = request.selection;
  if (!selection.states.empty() || !selection.reasons.empty() || selection.min_fails > 0)
    return Error{ErrorCode::Invalid, "a new run has no states yet: select by parameters or an experiment"};
  if (selection.selector.empty() && selection.experiment.empty()) return std::optional<Command>();
  auto rules = understand(selection);
  if (!rules) return std::move(rules).error();
  const Identifier identifier(study.study(), study.inputs);
  ParameterSieve sieve(rules->selector);
  Command skip;
  skip.kind = Command::Kind::Skip;
  skip.who = request.who;
  skip.why = "not selected";
  uint64_t selected = 0;
  for (uint64_t index = 0; index < study.plan->size(); ++index) {
    const Point point = study.plan->at(index);
    const bool is_wanted = sieve.passes(point) && (selection.experiment.empty() ||
                                                   identifier.of(point).id.starts_with(selection.experiment));
    selected += is_wanted ? 1 : 0;
    for (uint32_t cycle = 1; !is_wanted && cycle <= study.study().execution.cycles; ++cycle)
      skip.repetitions.push_back({1, index, cycle});
  }
  if (selected == 0) {
    if (auto known = sieve.verdict(); !known) return std::move(known).error();
    return Error{ErrorCode::NotFound, "no experiment is selected"};
  }
  return std::optional(std::move(skip));
}

}  // namespace

Result<RunAgain> run_again(const ChosenRun& chosen, const AgainRequest& request) {
  auto manifest = applied_manifest(chosen);
  if (!manifest) return std::move(manifest).error();
  Overrides overrides;
  std::vector<std::string> flags = manifest->flags;
  const auto set = [&](const char* flag, const char* path, const std::optional<uint32_t>& value) {
    if (!value) return;
    overrides.settings.push_back({flag, path, std::to_string(*value)});
    flags.push_back(std::string(flag) + "=" + std::to_string(*value));
  };
  set("--cycles", "execution.cycles", request.cycles);
  set("--parallelism", "execution.parallelism", request.parallelism);
  auto study = load_applied(manifest->manifest, manifest->inputs, chosen.directory.path(), overrides);
  if (!study) return std::move(study).error();
  if (auto taken = take_inputs(chosen, **study); !taken) return std::move(taken).error();
  auto first = leave_out(**study, request);
  if (!first) return std::move(first).error();
  RunAgain again;
  if (!reuses_nothing(*manifest)) flags.emplace_back(kFreshFlag);
  again.apply.study = *std::move(study);
  again.apply.flags = std::move(flags);
  again.apply.who = request.who;
  again.apply.asked = "run again, as " + chosen.run.record.directory;
  again.apply.fresh = again.apply.is_large_meant = true;
  again.first = *std::move(first);
  return again;
}

}  // namespace studyctl
