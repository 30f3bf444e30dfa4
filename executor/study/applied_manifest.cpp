#include "study/applied_manifest.h"

#include <algorithm>
#include <chrono>

#include "base/fd.h"
#include "base/hash.h"

namespace studyctl {
namespace {

constexpr std::string_view kStaged = "staged-";
constexpr std::chrono::hours kStagedFor{1};  // longer than anybody waits for an answer

}  // namespace

RunManifest manifest_as_applied(const LoadedStudy& study, const std::vector<std::string>& flags) {
  RunManifest manifest;
  manifest.study = study.study().name;
  manifest.design_hash = study.design_hash;
  manifest.manifest = study.manifest.applied_json;
  manifest.source = study.manifest.file;
  manifest.flags = flags;
  manifest.inputs = study.inputs;
  return manifest;
}

Result<RunManifest> applied_manifest(const ChosenRun& chosen) {
  return recorded_manifest(chosen.catalog, chosen.run.record.id);
}

Result<RunManifest> recorded_manifest(const Catalog& catalog, const std::string& run_id) {
  auto text = catalog.manifest(run_id);
  if (!text) return std::move(text).error();
  return run_manifest_from_json(*text);
}

Result<std::unique_ptr<LoadedStudy>> load_run(const ChosenRun& chosen) {
  const auto manifest = applied_manifest(chosen);
  if (!manifest) return manifest.error();
  return load_applied(manifest->manifest, manifest->inputs, chosen.directory.path());
}

bool reuses_nothing(const RunManifest& manifest) {
  return std::count(manifest.flags.begin(), manifest.flags.end(), kFreshFlag) > 0;
}

bool differs(const RunManifest& before, const RunManifest& after) {
  return before.manifest != after.manifest || before.inputs != after.inputs ||
         before.design_hash != after.design_hash;
}

Result<void> keep_inputs(const LoadedStudy& study, const RunDirectory& directory) {
  for (const auto& [hash, content] : study.contents)
    if (auto kept = directory.keep_input(content); !kept) return std::move(kept).error();
  return {};
}

Result<std::string> stage(const ResultsVolume& volume, const RunManifest& manifest) {
  const std::string name = std::string(kStaged) + random_uuid() + ".json";
  auto written = write_file_atomically(volume.private_directory() / name, to_json(manifest), 0600);
  if (!written) return std::move(written).error();
  return name;
}

Result<RunManifest> take_staged(const ResultsVolume& volume, const std::string& name) {
  if (!name.starts_with(kStaged) || name.find('/') != std::string::npos)
    return Error{ErrorCode::Invalid, "no staged manifest has such a name"};
  const std::filesystem::path file = volume.private_directory() / name;
  auto text = read_file(file);
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
  if (!text) return std::move(text).error();
  return run_manifest_from_json(*text);
}

void clear_staged(const ResultsVolume& volume) {
  std::error_code ignored;
  const auto now = std::filesystem::file_time_type::clock::now();
  for (const auto& entry : std::filesystem::directory_iterator(volume.private_directory(), ignored)) {
    if (!entry.path().filename().string().starts_with(kStaged)) continue;
    if (now - entry.last_write_time(ignored) > kStagedFor) std::filesystem::remove(entry.path(), ignored);
  }
}

}  // namespace studyctl
