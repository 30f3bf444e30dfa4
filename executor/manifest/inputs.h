#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "manifest/manifest.h"

// The files that a manifest names by their paths, held in ConfigMaps: so a study brings them along where
// there is no directory beside its manifest. metadata.annotations names the ConfigMaps: "a" or "a,b".
namespace studyctl {

inline constexpr std::string_view kInputsAnnotation = "studyctl.io/inputs";
// Of what is in them; nobody reads it but who compares two objects.
inline constexpr std::string_view kInputsHashAnnotation = "studyctl.io/inputs-hash";

// The key of a file: its path, with _XX (hexadecimal) for what no key may have: "data/a b.csv" is
// "data_2Fa_20b.csv". `kubectl create configmap NAME --from-file=FILE` makes the same of a usual file name.
std::string input_key(std::string_view path);

// The content of `path`; null where none of them has it.
const std::string* find_input(const std::vector<ConfigMapDocument>& inputs, std::string_view path);

// Reads a file from them, and `otherwise` (may be empty) what none of them has. They must outlive it.
Overrides::ReadInput with_inputs(const std::vector<ConfigMapDocument>& inputs,
                                 Overrides::ReadInput otherwise);

// ConfigMaps for these files, each small enough for a cluster: NAME-inputs, NAME-inputs-2, … Invalid where
// two files have one key, or one of them is larger than a ConfigMap may be.
Result<std::vector<ConfigMapDocument>> pack_inputs(const std::string& name,
                                                   const std::map<std::string, std::string>& files);

}  // namespace studyctl
