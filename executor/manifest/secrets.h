#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "manifest/manifest.h"

namespace studyctl {

// Where values of Secrets and ConfigMaps come from: documents of the manifest, then files, then (Secrets
// alone) the variables STUDYCTL_SECRET_<NAME>_<KEY>. The documents must outlive it.
class SecretLookup {
 public:
  struct Places {
    std::filesystem::path secrets;  // --secret-dir: NAME/KEY; empty when not given
    std::filesystem::path configs;  // --config-dir
  };
  SecretLookup(const std::vector<SecretDocument>& secrets, const std::vector<ConfigMapDocument>& configs,
               Places places)
      : secrets_(&secrets), configs_(&configs), places_(std::move(places)) {}

  // NotFound says where it may come from. No message holds a value.
  Result<std::string> value(const SecretReference& reference) const;
  Result<std::string> value(const ConfigReference& reference) const;
  // What a volume of them holds: paths and contents.
  Result<std::map<std::string, std::string>> files(const ProjectedVolume& volume) const;

 private:
  Result<std::map<std::string, std::string>> all(const ProjectedVolume& volume) const;

  const std::vector<SecretDocument>* secrets_;
  const std::vector<ConfigMapDocument>* configs_;
  Places places_;
};

// STUDYCTL_SECRET_HF_TOKEN for key `token` of `hf`: upper case, what is no letter or digit as _.
std::string secret_variable(const SecretReference& reference);

// Secret documents as text that read_secrets() reads again: for a file that only we can read.
std::string to_text(const std::vector<SecretDocument>& secrets);
Result<std::vector<SecretDocument>> read_secrets(std::string_view text);

}  // namespace studyctl
