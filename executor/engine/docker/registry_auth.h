#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

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

// The value of X-Registry-Auth for a pull from `registry`, empty when nobody has logged in there. Invalid
// when a login is kept by a credential helper, which is not asked: the message says how to log in without
// one.
Result<std::string> registry_auth(const std::string& registry,
                                  const std::vector<std::filesystem::path>& files);

}  // namespace studyctl
