#include "service/trial.h"

#include "base/hash.h"
#include "control/container_spec.h"
#include "model/study_name.h"
#include "plan/variant.h"

namespace studyctl {
namespace {

constexpr size_t kMostShapes = 16;

// As an attempt of a run would be, of a run that there is not: nothing in it lies anywhere.
Result<AttemptSpec> trial_of(const PreflightParts& parts, const Point& point, const Variant& variant) {
  const Study& study = parts.study.study();
  AttemptNames names;
  names.study = name_without_namespace(study.name);
  names.run = names.experiment = "trial";
  names.machine_millicpu = parts.inventory.millicpu;
  names.machine_memory_bytes = parts.inventory.memory_bytes;
  const auto pod = resolve(study, variant.pod, point, names);
  if (!pod) return pod.error();
  AttemptSpec spec;
  spec.id = {"studyctl-trial-" + random_uuid().substr(0, 8)};
  spec.labels = {{"studyctl.io/volume", parts.volume.id()}, {"studyctl.io/study", names.study}};
  spec.directory = parts.volume.private_directory() / "trial" / "attempt";
  spec.scratch = parts.volume.private_directory() / "trial" / "attempt.scratch";
  const AttemptPaths paths{spec.directory, spec.directory / "study", spec.scratch,
                           parts.volume.private_directory() / "trial" / "volumes"};
  const std::function<Result<std::string>(const SecretReference&)> secret = [](const SecretReference&) {
    return Result<std::string>("secret");  // the cluster sees its name alone
  };
  const ContainerParts made{study, *pod, paths, secret};
  for (const Container& container : pod->init) {
    auto init = container_spec(container, made);
    if (!init) return std::move(init).error();
    spec.init.push_back(*std::move(init));
  }
  auto main = container_spec(pod->main, made);
  if (!main) return std::move(main).error();
  spec.main = *std::move(main);
  spec.devices = pod->main.resources.devices;
  spec.run_timeout = variant.timeouts.run;
  spec.grace = variant.timeouts.grace;
  put_template(study.pod, spec);
  return spec;
}

Result<void> try_out(const PreflightParts& parts, const AttemptSpec& spec) {
  std::optional<Result<void>> answer;
  parts.engine.try_out(spec, [&](Result<void> said) { answer = std::move(said); });
  while (!answer) parts.loop.run_once(std::chrono::seconds(1));
  return *std::move(answer);
}

}  // namespace

Result<void> try_template(const PreflightParts& parts) {
  const Study& study = parts.study.study();
  size_t shapes = 0;
  Result<void> tried;
  visit_overrides(parts.study, [&](const Point& point, const std::vector<size_t>& overrides) {
    const auto spec = trial_of(parts, point, variant_of(study, overrides));
    if (!spec) {
      tried = spec.error();
      return false;
    }
    tried = try_out(parts, *spec);
    const std::string where = place_of(study, overrides);
    if (!tried && !where.empty()) tried = std::move(tried).error().within(where);
    return tried && ++shapes < kMostShapes;
  });
  return tried;
}

}  // namespace studyctl
