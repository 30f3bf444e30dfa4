#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "manifest/fields.h"
#include "manifest/manifest.h"
#include "manifest/problems.h"
#include "model/study.h"

namespace studyctl {

// Something that is looked at once all is read.
struct Mention {
  std::string text;
  Place place;
  std::string path;
};

// What the readers of one Study share while they read it.
struct Reading {
  Problems& problems;
  std::vector<ConfigMapDocument>& configs;  // those of the file; others are added when they are used
  const Overrides::FindConfig& find_config;
  std::vector<Mention> uses;    // names of parameters: ${params.NAME}, groupBy
  std::vector<Mention> mounts;  // mountPaths
  std::set<std::string> swept;  // names of axes, of those with problems too
  // STUDY_PARAM_… → the parameter, and where.
  std::map<std::string, std::pair<std::string, Place>> variables;
  std::vector<Place> experiments;  // where each explicit point stands
};

// What a text may substitute: all of an attempt, or parameters alone, where it is read before there are any.
enum class TemplateScope { Attempt, Parameters };

// A text that is substituted. Reports names that there never are, and keeps the parameters it uses.
std::optional<std::string> read_template(Reading& reading, const Item& item,
                                         TemplateScope scope = TemplateScope::Attempt);

// Keeps a parameter that the study has; a problem when it and another are one variable in the container.
void add_parameter(Reading& reading, Place place, std::string_view path, const std::string& name);

// Whether `name` can name a parameter; a problem where it cannot.
bool check_parameter_name(Reading& reading, Place place, std::string_view path, const std::string& name);

// Whether `text` is an RFC 1123 label of at most `most` characters.
bool is_label(std::string_view text, size_t most);

// Whether `text` names a Kubernetes object: labels with dots between them, 253 characters at most.
bool is_object_name(std::string_view text);
// Whether `text` is a key of a Secret's or a ConfigMap's data.
bool is_data_key(std::string_view text);
// Whether a part of the path is "..".
bool has_dot_dot(std::string_view path);

// The data of the ConfigMap that `name` names; null, and a problem, when there is none.
const std::map<std::string, std::string>* find_config(Reading& reading, const Item& name);

// What is said of what a later version reads: "is not supported yet by this version (scoped axes)".
std::string not_yet(std::string_view what);

// A regular expression that compiles; with `group`, one that has a group to take.
enum class Groups { None, One };
std::optional<std::string> read_regex(Reading& reading, const Item& item, Groups groups);

}  // namespace studyctl
