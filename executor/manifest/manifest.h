#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/notification.h"
#include "model/retention.h"
#include "model/study.h"

namespace studyctl {

// A Secret's keys and values, decoded. Never in any output, log, database or label.
struct SecretDocument {
  std::string name;
  std::map<std::string, std::string> data;
};

struct ConfigMapDocument {
  std::string name;
  std::map<std::string, std::string> data;
};

// A file's Study, the Secrets that came in further documents of it, and the ConfigMaps: those too, and those
// that were found elsewhere.
struct Manifest {
  Study study;
  Retention retention;  // spec.retention
  std::vector<Notification> notifications;
  std::vector<SecretDocument> secrets;
  std::vector<ConfigMapDocument> configs;
  std::vector<ConfigMapDocument> inputs;  // that hold files which it names: manifest/inputs.h
  std::string file;
  // The Study as applied, flags put in, and the ConfigMaps, without Secrets: a line of JSON a document, `---`
  // between them. read_applied() reads it again.
  std::string applied_json;
  std::vector<std::string> warnings;  // "study.yaml:3:1: spec…: …"
};

// What flags put into a manifest before it is checked. A problem with one of them is told with `flag` where
// others have file:line:column.
struct Overrides {
  // The data of a ConfigMap that the file has no document of. NotFound when there is none.
  using FindConfig = std::function<Result<std::map<std::string, std::string>>(const std::string& name)>;
  struct Setting {
    std::string flag;   // "--cycles", "--set execution.retry.limit"
    std::string path;   // below spec: "execution.cycles"
    std::string value;  // YAML: "3", "[model]", "" for nothing
  };
  std::vector<Setting> settings;
  std::vector<std::pair<std::string, std::string>> parameters;  // --param: an axis and its new values, "a,b"
  FindConfig find_config = {};                                  // --config-dir; may be empty
  // A file that the manifest names, relative to it, where reading it needs its content; may be empty.
  using ReadInput = std::function<Result<std::string>(const std::string& path)>;
  ReadInput read_input = {};
};

// Reads `text`, YAML or JSON, which came from `file` (a name, for people). Invalid: everything that is wrong
// with it, a line a problem: "file:line:column: path: what, and what instead".
Result<Manifest> read_manifest(std::string_view text, const std::string& file,
                               const Overrides& overrides = {});

// Reads Manifest::applied_json, which aliases and escapes may have made longer than a manifest may be.
Result<Manifest> read_applied(std::string_view json, const std::string& file,
                              const Overrides& overrides = {});

// The manifest without Secrets, with every default visible.
std::string to_yaml(const Manifest& manifest);

// The canonical JSON of the design part: two manifests with the same differ in how they are run alone. With
// the inputs it is what the design hash is of.
std::string design_json(const Manifest& manifest);
// The canonical JSON of the execution part.
std::string execution_json(const Manifest& manifest);

}  // namespace studyctl
