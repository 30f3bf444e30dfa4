#include <nlohmann/json.hpp>

#include "base/fd.h"
#include "base/text.h"
#include "store/run_manifest.h"

namespace studyctl {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kName = "study_manifest.json";

}  // namespace

std::string to_json(const RunManifest& manifest) {
  ordered_json changes = ordered_json::array();
  for (const EnvironmentChange& change : manifest.changes)
    changes.push_back({{"at", format_instant(change.at)},
                       {"what", change.what},
                       {"before", change.before},
                       {"after", change.after}});
  const ordered_json text = {
      {"run_id", manifest.run_id},           {"study", manifest.study},
      {"design_hash", manifest.design_hash}, {"created_at", format_instant(manifest.created_at)},
      {"source", manifest.source},           {"flags", manifest.flags},
      {"inputs", manifest.inputs},           {"environment", manifest.environment},
      {"environment_changes", changes},      {"manifest", manifest.manifest}};
  return text.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

Result<RunManifest> run_manifest_from_json(std::string_view text) {
  try {
    const ordered_json json = ordered_json::parse(text);
    Result<Instant> created_at = parse_instant(json.at("created_at").get<std::string>());
    if (!created_at) return std::move(created_at).error();
    RunManifest manifest{json.at("run_id"), json.at("study"),    json.at("design_hash"),
                         *created_at,       json.at("manifest"), json.at("source"),
                         json.at("flags"),  json.at("inputs"),   json.at("environment")};
    // Earlier versions did not look.
    for (const ordered_json& change : json.value("environment_changes", ordered_json::array())) {
      const Result<Instant> at = parse_instant(change.at("at").get<std::string>());
      if (at) manifest.changes.push_back({*at, change.at("what"), change.at("before"), change.at("after")});
    }
    return manifest;
  } catch (const ordered_json::exception& error) {
    return Error{ErrorCode::Invalid, std::string("is not a run's manifest: ") + error.what()};
  }
}

std::string image_fact(const std::string& image) {
  return "image " + image;
}

std::map<std::string, std::string> RunManifest::newest_environment() const {
  std::map<std::string, std::string> known = environment;
  for (const EnvironmentChange& change : changes) known[change.what] = change.after;
  return known;
}

bool RunManifest::note_images(const std::map<std::string, std::string>& digests, Instant now) {
  const std::map<std::string, std::string> known = newest_environment();
  std::map<std::string, std::string> moved;
  bool has_new = false;
  for (const auto& [image, digest] : digests) {
    if (known.contains(image_fact(image))) {
      moved[image_fact(image)] = digest;
    } else {
      environment[image_fact(image)] = digest;
      has_new = true;
    }
  }
  return note_environment(moved, now) || has_new;
}

bool RunManifest::note_environment(const std::map<std::string, std::string>& found, Instant now) {
  std::map<std::string, std::string> known = newest_environment();
  const size_t before = changes.size();
  for (const auto& [what, value] : found)
    if (std::string& was = known[what]; was != value) changes.push_back({now, what, was, value});
  return changes.size() > before;
}

std::vector<std::string> texts_of(const std::vector<EnvironmentChange>& changes) {
  std::vector<std::string> texts;
  for (const EnvironmentChange& change : changes)
    texts.push_back(change.what + " changed midway, at " + format_instant(change.at) + ": " +
                    (change.before.empty() ? "unknown" : change.before) + " → " + change.after);
  return texts;
}

Result<void> write_run_manifest(const std::filesystem::path& directory, const RunManifest& manifest) {
  return write_file_atomically(directory / kName, to_json(manifest));
}

Result<RunManifest> read_run_manifest(const std::filesystem::path& directory) {
  const std::filesystem::path file = directory / kName;
  Result<std::string> text = read_file(file);
  if (!text) return std::move(text).error();
  Result<RunManifest> manifest = run_manifest_from_json(*text);
  if (!manifest) return std::move(manifest).error().within(file.string());
  return manifest;
}

}  // namespace studyctl
