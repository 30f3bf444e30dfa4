#include "cli/applied_manifest.h"

#include "base/fd.h"
#include "base/hash.h"

namespace studyctl {

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
  auto text = chosen.catalog.manifest(chosen.run.record.id);
  if (!text) return std::move(text).error();
  return run_manifest_from_json(*text);
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
  const std::string name = "staged-" + random_uuid() + ".json";
  auto written = write_file_atomically(volume.private_directory() / name, to_json(manifest), 0600);
  if (!written) return std::move(written).error();
  return name;
}

Result<RunManifest> take_staged(const ResultsVolume& volume, const std::string& name) {
  if (!name.starts_with("staged-") || name.find('/') != std::string::npos)
    return Error{ErrorCode::Invalid, "no staged manifest has such a name"};
  const std::filesystem::path file = volume.private_directory() / name;
  auto text = read_file(file);
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
  if (!text) return std::move(text).error();
  return run_manifest_from_json(*text);
}

}  // namespace studyctl
