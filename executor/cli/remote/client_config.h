#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace studyctl {

// A service elsewhere, as ~/.config/studyctl/config names it. What is empty is not set.
struct ServerContext {
  std::string name;
  std::string server;  // "https://lab.example:8080"
  std::string token, token_file;
  std::string certificate_authority, client_certificate, client_key;  // files, PEM
};

// The services that somebody uses from this machine:
//   apiVersion: studyctl.io/v1alpha1
//   kind: Config
//   currentContext: lab
//   contexts: [{name: lab, server: https://lab.example:8080, token: …}]
struct ClientConfig {
  std::string current;  // empty: the results on this machine
  std::vector<ServerContext> contexts;

  // Null when there is none of that name.
  const ServerContext* find(const std::string& name) const;
};

// NotFound, with those that there are.
Error no_context(const std::string& name, const ClientConfig& config);

// $STUDYCTL_CONFIG, else studyctl/config below $XDG_CONFIG_HOME or ~/.config.
std::filesystem::path client_config_path();

// Empty when there is no file. Invalid: every problem with its place, or that others may read the tokens.
Result<ClientConfig> read_client_config(const std::filesystem::path& path);
// For its owner's eyes alone (0600).
Result<void> write_client_config(const std::filesystem::path& path, const ClientConfig& config);
std::string yaml_of(const ClientConfig& config);

}  // namespace studyctl
