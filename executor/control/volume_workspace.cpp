#include "control/volume_workspace.h"

#include "control/container_spec.h"
#include "control/core_pool.h"
#include "control/mounts.h"
#include "control/page_cache.h"
#include "model/study_name.h"
#include "plan/resolve.h"
#include "store/attempt_record.h"
#include "store/harvest/harvest.h"
#include "store/harvest/progress_file.h"

namespace studyctl {

AttemptPlace VolumeWorkspace::place(const AttemptKey& key) {
  return {parts_.experiments.facts(key.repetition).experiment, key.repetition.cycle, key.attempt};
}

AttemptId VolumeWorkspace::id(const AttemptKey& key) {
  const ExperimentFacts& facts = parts_.experiments.facts(key.repetition);
  return {"studyctl-" + facts_.volume_id.substr(0, 8) + "-" + facts_.run_id.substr(0, 8) + "-" +
          facts.identity.substr(0, 16) + "-c" + std::to_string(key.repetition.cycle) + "-a" +
          std::to_string(key.attempt)};
}

Result<ResolvedPod> VolumeWorkspace::resolve_pod(const AttemptKey& key, int64_t memory_bytes) {
  const Point point = parts_.experiments.point(key.repetition);
  AttemptNames names;
  names.study = name_without_namespace(facts_.study);
  names.run = facts_.run_name;
  names.experiment = parts_.experiments.facts(key.repetition).experiment;
  names.cycle = key.repetition.cycle;
  names.index = key.repetition.index;
  names.attempt = key.attempt;
  names.seed = repetition_seed(study(key.repetition).execution.seed, point, key.repetition.cycle);
  names.machine_millicpu = facts_.machine_millicpu;
  names.memory_bytes = memory_bytes;
  names.machine_memory_bytes = facts_.machine_memory_bytes;
  return resolve(study(key.repetition), parts_.experiments.variant(key.repetition).pod, point, names);
}

AttemptSpec VolumeWorkspace::outline(const AttemptKey& key) {
  const ExperimentFacts& facts = parts_.experiments.facts(key.repetition);
  AttemptSpec spec;
  spec.id = id(key);
  spec.directory = parts_.directory.partial(place(key));
  spec.scratch = scratch_beside(spec.directory);
  spec.init.resize(study(key.repetition).pod.init_containers.size());
  spec.labels = {{"studyctl.io/volume", facts_.volume_id},
                 {"studyctl.io/study", std::string(name_without_namespace(facts_.study))},
                 {"studyctl.io/run", facts_.run_id},
                 {"studyctl.io/experiment", facts.experiment},
                 {"studyctl.io/cycle", std::to_string(key.repetition.cycle)},
                 {"studyctl.io/attempt", std::to_string(key.attempt)},
                 {"studyctl.io/spec-hash", facts.identity}};
  return spec;
}

Result<AttemptSpec> VolumeWorkspace::spec(const AttemptKey& key, const Placement& placement) {
  auto pod = resolve_pod(key, placement.memory_bytes);
  if (!pod) return std::move(pod).error();
  AttemptSpec spec = outline(key);
  const Study& study = this->study(key.repetition);
  const AttemptPaths paths = paths_in(spec.directory, parts_.directory.path());
  const ContainerParts parts{study, *pod, paths, parts_.secret};
  for (size_t i = 0; i < pod->init.size(); ++i) {
    auto made = container_spec(pod->init[i], parts);
    if (!made) return std::move(made).error();
    spec.init.at(i) = *std::move(made);
  }
  if (!study.checkpoint_path.empty())
    pod->environment.emplace_back("STUDY_RESTART", has_checkpoint(key) ? "1" : "0");
  auto main = container_spec(pod->main, parts);
  if (!main) return std::move(main).error();
  spec.main = *std::move(main);
  if (!study.checkpoint_path.empty())
    spec.main.mounts.push_back({Mount::Kind::Bind, parts_.directory.checkpoint(place(key)).string(),
                                study.checkpoint_path, false, std::nullopt});
  spec.devices = pod->main.resources.devices;
  const Execution& execution = study.execution;
  spec.cold_start = execution.cold_start;
  spec.device_rules.idle = execution.gpu_require_idle;
  spec.device_rules.cooler_than = execution.cooldown.gpu_temperature_below;
  spec.device_rules.patience = execution.cooldown.max_wait;
  const std::set<int> cores = cores_of(placement.cpus);
  spec.cpus.assign(cores.begin(), cores.end());
  put_template(study.pod, spec);
  return spec;
}

bool VolumeWorkspace::has_checkpoint(const AttemptKey& key) {
  std::error_code none;
  const std::filesystem::path directory = parts_.directory.checkpoint(place(key));
  return std::filesystem::is_directory(directory, none) && !std::filesystem::is_empty(directory, none);
}

Result<DirectoryPlan> VolumeWorkspace::plan_directory(const AttemptKey& key, const AttemptSpec& spec) {
  auto pod = resolve_pod(key, spec.main.resources.memory_bytes.value_or(0));
  if (!pod) return std::move(pod).error();
  DirectoryPlan plan;
  plan.place = place(key);
  if (const SecurityContext& security = spec.main.security; security.run_as_user)
    plan.owner = FileOwner{static_cast<uid_t>(*security.run_as_user),
                           static_cast<gid_t>(security.run_as_group.value_or(0))};
  plan.has_checkpoint = !study(key.repetition).checkpoint_path.empty();
  plan.params_json = std::move(pod->params_json);
  plan.files = std::move(pod->files);
  for (ResolvedFile& file : plan.files) {
    if (file.from_file.empty()) continue;
    auto kept = kept_input(key.repetition, file.from_file);
    if (!kept) return std::move(kept).error();
    file.from_file = *std::move(kept);
  }
  auto volumes = plan_volumes(study(key.repetition).pod, parts_.projected);
  if (!volumes) return std::move(volumes).error();
  plan.volumes = *std::move(volumes);
  if (command_line_) plan.command_line = command_line_(spec);
  return plan;
}

void VolumeWorkspace::prepare(const AttemptKey& key, const AttemptSpec& spec,
                              std::function<void(Result<void>)> done) {
  auto plan = plan_directory(key, spec);
  if (!plan) return parts_.post([done = std::move(done), error = std::move(plan).error()] { done(error); });
  using Warmth = Result<std::map<std::string, std::string>>;
  const auto work = [this, plan = *std::move(plan)] {
    return make_attempt_directory(parts_.directory, plan);
  };
  maker_.submit(work, posted<Warmth>([this, key, done = std::move(done)](Warmth made) {
                  if (!made) return done(std::move(made).error());
                  volumes_[key] = *std::move(made);
                  done({});
                }));
}

// The name it is kept under.
Result<std::string> VolumeWorkspace::kept_input(const RepetitionKey& key, const std::string& path) {
  const Inputs& inputs = parts_.experiments.inputs(key);
  auto found = inputs.find(path);
  if (found == inputs.end())
    return Error{ErrorCode::NotFound, path + ": was not kept when the study was applied"};
  return found->second;
}

void VolumeWorkspace::cool(std::vector<std::filesystem::path> layers,
                           std::vector<std::filesystem::path> volumes,
                           std::function<void(std::vector<std::string>)> done) {
  const auto work = [layers = std::move(layers), volumes = std::move(volumes)] {
    std::vector<std::string> notes;
    if (layers.empty()) notes.emplace_back("image: not dropped, the engine does not say where it lies");
    for (size_t i = 0; i < layers.size(); ++i)
      notes.push_back("image layer " + std::to_string(i + 1) + ": " + drop_cached_pages(layers[i]));
    for (const auto& volume : volumes) notes.push_back(volume.string() + ": " + drop_cached_pages(volume));
    return notes;
  };
  parts_.workers.submit(work, posted(std::move(done)));
}

void VolumeWorkspace::read(const AttemptKey& key, Question question, std::function<void(Findings)> done) {
  HarvestRequest request;
  request.directory = parts_.directory.partial(place(key));
  const Study& study = this->study(key.repetition);
  request.rules = study.results;
  request.exited_zero = question.exited_zero;
  request.log_patterns = std::move(question.log_patterns);
  if (!study.pod.main.termination_message_path.empty())
    request.termination_message_path_on_host = request.directory / kTerminationMessage;
  parts_.workers.submit([request = std::move(request)] { return harvest(request); }, posted(std::move(done)));
}

void VolumeWorkspace::seal(AttemptRecord record, std::function<void(Result<void>)> done) {
  const AttemptPlace where = place(record.key);
  const std::filesystem::path directory = parts_.directory.partial(where);
  complete(record);
  std::vector<SyncItem> items{{directory}};
  for (auto& above : parts_.directory.in_what(where)) items.push_back({std::move(above), false});
  const auto work = [directory, record = std::move(record)] {
    std::error_code ignored;
    std::filesystem::create_directories(directory, ignored);  // the workload may have removed it
    return write_attempt(directory, record);
  };
  parts_.workers.submit(
      work, [this, items = std::move(items), done = posted(std::move(done))](Result<void> written) mutable {
        if (!written) return done(std::move(written));
        sync_.submit(std::move(items), std::move(done));
      });
}

void VolumeWorkspace::complete(AttemptRecord& record) {
  const RepetitionKey& key = record.key.repetition;
  const ExperimentFacts& facts = parts_.experiments.facts(key);
  record.study = facts_.study;
  record.run_id = facts_.run_id;
  record.experiment = facts.experiment;
  record.identity = facts.identity;
  record.parameters = facts.parameters;
  record.seed = repetition_seed(study(key).execution.seed, parts_.experiments.point(key), key.cycle);
  record.engine = facts_.engine;
  record.endpoint = facts_.endpoint;
  record.host = facts_.host;
  record.image = parts_.experiments.variant(key).pod.main.image;
  record.cores = facts.cores;
  record.versions = facts_.versions;
  if (auto volumes = volumes_.extract(record.key)) record.volumes = std::move(volumes.mapped());
}

Result<void> VolumeWorkspace::settle(const AttemptKey& key, Verdict verdict) {
  seen_.erase(key.repetition);
  const AttemptPlace where = place(key);
  std::error_code ignored;
  std::filesystem::remove_all(scratch_beside(parts_.directory.partial(where)), ignored);
  const AttemptFiles files = verdict == Verdict::Succeeded ? AttemptFiles::Published : AttemptFiles::Failed;
  auto finished = parts_.directory.finish_attempt(where, files);
  if (!finished) return std::move(finished).error();
  renamed_in_.push_back({finished->parent_path(), false});
  return {};
}

void VolumeWorkspace::sync_settled(std::function<void(Result<void>)> done) {
  std::vector<SyncItem> items = std::exchange(renamed_in_, {});
  // What somebody has removed since then needs nothing.
  std::erase_if(items, [](const SyncItem& item) { return !std::filesystem::is_directory(item.directory); });
  sync_.submit(items, posted<Result<void>>([this, items, done = std::move(done)](Result<void> synced) {
                 if (!synced) renamed_in_.insert(renamed_in_.end(), items.begin(), items.end());
                 done(std::move(synced));
               }));
}

void VolumeWorkspace::look(const AttemptKey& key, std::function<void(Sign)> done) {
  struct Seen {
    ActivityFingerprint fingerprint;
    std::optional<WorkloadProgress> progress;
  };
  const std::filesystem::path directory = parts_.directory.partial(place(key));
  const auto work = [directory] { return Seen{scan_activity(directory), read_progress(directory)}; };
  parts_.workers.submit(work, posted<Seen>([this, key, done = std::move(done)](const Seen& seen) {
                          ActivityFingerprint& before = seen_[key.repetition];
                          Sign sign;
                          sign.changed = before != seen.fingerprint;
                          before = seen.fingerprint;
                          if (seen.progress) {
                            sign.fraction = seen.progress->fraction;
                            sign.message = seen.progress->message;
                          }
                          done(sign);
                        }));
}

}  // namespace studyctl
