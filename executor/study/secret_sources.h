#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "manifest/manifest.h"
#include "store/volume.h"

namespace studyctl {

// The keys of a Secret or a ConfigMap that is a directory, with a file per key, below the first of
// `directories` that has it. NotFound: none has.
Result<std::map<std::string, std::string>> keys_below(const std::vector<std::string>& directories,
                                                      const std::string& name);

// Where the values of Secrets come from, first match wins: documents of the manifest, directories, and for a
// key the variable STUDYCTL_SECRET_<NAME>_<KEY>.
class SecretSources {
 public:
  using Documents = std::map<std::string, std::map<std::string, std::string>>;  // name → key → value

  SecretSources(const Manifest& manifest, std::vector<std::string> directories);

  // Those of a run that is there: what it kept, the directories and the variables. Changes nothing.
  static Result<SecretSources> of_run(const ResultsVolume& volume, const std::string& run_id,
                                      std::vector<std::string> directories);

  // NotFound says where it was looked for.
  Result<std::string> value(const SecretReference& reference) const;
  // All keys of what a volume projects; those of a ConfigMap are in the volume.
  Result<std::map<std::string, std::string>> files(const ProjectedVolume& volume) const;

  // Secret documents of a manifest are kept, 0600, until the run ends, so that it can go on without the
  // manifest. Secrets that this run already kept are taken in; those of the manifest win.
  Result<void> keep(const ResultsVolume& volume, const std::string& run_id);

 private:
  Documents secrets_;
  std::vector<std::string> directories_;
};

// The kept form of Secret documents, and back.
std::string secrets_json(const SecretSources::Documents& documents);
Result<SecretSources::Documents> secrets_from_json(const std::string& json);

}  // namespace studyctl
