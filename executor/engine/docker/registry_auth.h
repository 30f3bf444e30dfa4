#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/subprocess.h"

namespace studyctl {

// "acme/x:1.4" taken apart: "docker.io", "acme/x", "1.4" (a digest stays with the repository as written).
struct ImageReference {
  std::string registry;    // "docker.io" when none is written
  std::string repository;  // as written, without the tag
  std::string tag;         // "latest" when none is written; empty with a digest
};
ImageReference parse_image_reference(std::string_view text);

// Where logins are kept, in the order in which they are looked through: REGISTRY_AUTH_FILE, DOCKER_CONFIG,
// XDG_RUNTIME_DIR/containers/auth.json, ~/.config/containers/auth.json, ~/.docker/config.json.
std::vector<std::filesystem::path> auth_files();

// The login for a registry, as far as the files know it.
struct RegistryLogin {
  std::string header;  // the value of X-Registry-Auth; empty when nobody has logged in, or a helper knows it
  std::string helper;  // "docker-credential-gcloud": the program that keeps it (credHelpers, credsStore)
};
Result<RegistryLogin> registry_login(const std::string& registry,
                                     const std::vector<std::filesystem::path>& files);

// What a credential helper is asked, and the value of X-Registry-Auth that its answer makes: empty when it
// knows no login either. Invalid says what it said, never what it kept.
Program question_to(const std::string& helper, const std::string& registry);
Result<std::string> header_from(const std::string& helper, const std::string& registry,
                                const Result<ProgramOutput>& answer);

}  // namespace studyctl
