#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace studyctl {

// What `environment` said of something, and what a later controller of the run found instead.
struct EnvironmentChange {
  Instant at;
  std::string what;  // "kernel", "engine", "microcode", "image acme/bench:1"
  std::string before, after;
};

// study_manifest.json: what a run is, so that it can be gone on with and its database made again. Without
// secrets.
struct RunManifest {
  std::string run_id;
  std::string study;
  std::string design_hash;
  Instant created_at;
  std::string manifest;                            // as applied: YAML or JSON text, Secret documents cut
  std::string source;                              // the file it was read from, for people
  std::vector<std::string> flags;                  // that won over the manifest: "--cycles=3"
  std::map<std::string, std::string> inputs;       // path as written → SHA-256, kept as inputs/<sha256>
  std::map<std::string, std::string> environment;  // studyctl's version, host, kernel, engine …
  std::vector<EnvironmentChange> changes{};        // oldest first

  // The environment as it was found last.
  std::map<std::string, std::string> newest_environment() const;
  // Notes what differs in `found` from what was known last. False when nothing does.
  bool note_environment(const std::map<std::string, std::string>& found, Instant now);
  // Likewise the digests of images, by their names as written; an image that is new is no change.
  bool note_images(const std::map<std::string, std::string>& digests, Instant now);
};

// What the digest of an image is called in an environment.
std::string image_fact(const std::string& image);

// "kernel changed midway, at 2026-11-22T14:30:05Z: 6.1.0-18 → 6.1.0-21", a sentence each.
std::vector<std::string> texts_of(const std::vector<EnvironmentChange>& changes);

std::string to_json(const RunManifest& manifest);
Result<RunManifest> run_manifest_from_json(std::string_view json);

// In a run's directory, durably.
Result<void> write_run_manifest(const std::filesystem::path& directory, const RunManifest& manifest);
Result<RunManifest> read_run_manifest(const std::filesystem::path& directory);

}  // namespace studyctl
