#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "engine/json_read.h"
#include "io/subprocess.h"

// A program that says whom a cluster knows, as a kubeconfig's "exec" names it (client.authentication.k8s.io).
namespace studyctl {

struct CredentialProgram {
  Program program;
  std::string version;  // of what it says
  std::string hint;     // where to get it, as the kubeconfig has it

  // For people.
  std::string name() const { return "'" + program.name() + "', which gives the cluster's credentials,"; }
};

// `exec` as a kubeconfig has it that lies in `directory`; `cluster`: its cluster, for programs that are to
// know it. Invalid says what cannot be obeyed, and what to do.
Result<CredentialProgram> read_credential_program(const nlohmann::json& exec, const nlohmann::json& cluster,
                                                  const std::filesystem::path& directory);

// What it says: a token, a certificate with its key, or both.
struct GivenCredentials {
  std::string token;
  std::string certificate_pem, key_pem;
  std::optional<Instant> expires;
};
// Of a program that has ended; its failures are one line.
Result<GivenCredentials> read_credentials(const CredentialProgram& program,
                                          const Result<ProgramOutput>& output);

}  // namespace studyctl
