#include "cli/engine_finder.h"

#include "cli/applied_manifest.h"
#include "cli/control_client.h"
#include "cli/preflight.h"
#include "cli/secret_sources.h"

namespace studyctl {

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

Result<void> look_ahead(const LoadedStudy& study, const ChosenRun& chosen, const ServeOptions& options) {
  SystemClock clock;
  EventLoop loop(clock);
  EngineRequest request;
  request.wanted = chosen.run.record.engine;
  request.fixed_endpoint = chosen.run.record.endpoint;
  request.volume = chosen.volume.id();
  request.lease_directory = options.lease_directory;
  request.gpus = options.gpus;
  auto found = find_engine(loop, request, [](const Observation&) {});
  if (!found) return std::move(found).error();
  SecretSources secrets(study.manifest, options.secret_directories);
  if (auto kept = secrets.keep(chosen.volume, chosen.run.record.id); !kept) return kept;
  auto images = preflight({study, found->inventory, chosen.volume, *found->engine, loop, &secrets});
  if (!images) return std::move(images).error();
  if (options.accept_image_change) return {};
  auto manifest = applied_manifest(chosen);
  if (!manifest) return std::move(manifest).error();
  return expect_same_images(chosen.run, *manifest, *images);
}

}  // namespace

Result<std::string> hand_over(const ChosenRun& chosen, const LoadedStudy& study,
                              const ServeOptions& options) {
  if (auto ready = look_ahead(study, chosen, options); !ready) return std::move(ready).error();
  if (auto kept = keep_inputs(study, chosen.directory); !kept) return std::move(kept).error();
  auto staged = stage(chosen.volume, manifest_as_applied(study, options.flags));
  if (!staged) return staged;
  return tell_controller_to_apply(chosen.volume, *staged);
}

}  // namespace studyctl
