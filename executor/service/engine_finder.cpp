#include "service/engine_finder.h"

#include "carry/pass.h"
#include "service/carry_channel.h"
#include "service/kubeconfig.h"
#include "service/preflight.h"
#include "study/applied_manifest.h"
#include "study/secret_sources.h"

namespace studyctl {

Result<EngineRequest> engine_request(const ResultsVolume& volume, const DriveOptions& options,
                                     std::string wanted) {
  EngineRequest request;
  const bool is_address = wanted.find("://") != std::string::npos;
  (is_address ? request.fixed_endpoint : request.wanted) = std::move(wanted);
  request.kubeconfigs = read_kubeconfigs;
  request.kubernetes = options.kubernetes;
  request.results_claim = {options.results_claim, volume.root()};
  request.volume = volume.id();
  request.process_directory = volume.private_directory() / "processes";
  request.lease_directory = options.lease_directory;
  request.gpus = options.gpus;
  request.carry.depots = carry_depots(volume);
  request.carry.root = volume.root();
  if (options.carry.address.empty()) return request;
  auto key = carry_key(volume.private_directory());
  if (!key) return std::move(key).error();
  request.carry.key = *std::move(key);
  request.carry.address = options.carry.address;
  request.carry.image = options.carry.image;
  request.carry.pull_secrets = options.carry.pull_secrets;
  return request;
}

Result<void> choose_cluster(EngineRequest& request, const KubernetesOptions& asked) {
  const bool is_elsewhere =
      !asked.namespace_name.empty() && asked.namespace_name != request.kubernetes.namespace_name;
  std::string& claim = request.results_claim.claim;
  if (!claim.empty() && is_elsewhere) {
    if (!request.carry.is_on())
      return Error{ErrorCode::Unavailable, "namespace " + asked.namespace_name + " does not have the claim " +
                                               claim + " of namespace " + request.kubernetes.namespace_name +
                                               ", where the results are: --carry-address has them carried"};
    claim.clear();
  } else if (!claim.empty()) {
    request.carry.address.clear();
  }
  if (!asked.namespace_name.empty()) request.kubernetes.namespace_name = asked.namespace_name;
  if (!asked.context.empty()) request.kubernetes.context = asked.context;
  return {};
}

Result<FoundEngine> find_engine(EventLoop& loop, const EngineRequest& request, ObservationSink sink) {
  auto engine = make_engine(loop, request, std::move(sink));
  if (!engine) return std::move(engine).error();
  std::optional<Result<Inventory>> inventory;
  (*engine)->inspect([&](Result<Inventory> found) { inventory = std::move(found); });
  while (!inventory) loop.run_once(std::chrono::seconds(1));
  if (!*inventory) return std::move(*inventory).error();
  return FoundEngine{*std::move(engine), **std::move(inventory)};
}

namespace {

Result<void> look_ahead(const LoadedStudy& study, const ChosenRun& chosen, const DriveOptions& options) {
  SystemClock clock;
  EventLoop loop(clock);
  auto request = engine_request(chosen.volume, options, chosen.run.record.engine);
  if (!request) return std::move(request).error();
  request->fixed_endpoint = chosen.run.record.endpoint;
  if (auto chose = choose_cluster(*request, study.study().execution.kubernetes); !chose) return chose;
  auto found = find_engine(loop, *request, [](const Observation&) {});
  if (!found) return std::move(found).error();
  SecretSources secrets(study.manifest, options.secret_directories);
  if (auto kept = secrets.keep(chosen.volume, chosen.run.record.id); !kept) return kept;
  auto images = preflight({study, found->inventory, chosen.volume, *found->engine, loop, &secrets});
  if (!images) return std::move(images).error();
  if (options.accept_image_change) return {};
  return expect_same_images(chosen.catalog, chosen.run, *images);
}

}  // namespace

Result<std::string> hand_over(const ChosenRun& chosen, const LoadedStudy& study, const DriveOptions& options,
                              const TellStaged& tell) {
  if (auto ready = look_ahead(study, chosen, options); !ready) return std::move(ready).error();
  if (auto kept = keep_inputs(study, chosen.directory); !kept) return std::move(kept).error();
  auto staged = stage(chosen.volume, manifest_as_applied(study, options.flags));
  if (!staged) return staged;
  return tell(chosen.run.record.id, *staged);
}

}  // namespace studyctl
