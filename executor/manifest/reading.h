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

std::vector<std::string> keys_of(const auto& map) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : map) keys.emplace_back(key);
  return keys;
}

// What the readers of one Study share while they read it.
struct Reading {
  Problems& problems;
  const Overrides::FindConfig& find_config;
  const Overrides::ReadInput& read_input;
  std::vector<ConfigMapDocument> configs = {};  // of the file; others are added when they are used
  std::vector<Mention> uses = {};               // names of parameters: ${params.NAME}, groupBy
  std::vector<Mention> row_uses = {};           // ${source.row}
  std::vector<Mention> mounts = {};             // mountPaths
  std::vector<Mention> volumes = {};            // names of volumes that are mounted
  std::set<std::string> swept = {};             // names of axes, of those with problems too
  // STUDY_PARAM_… → the parameter, and where.
  std::map<std::string, std::pair<std::string, Place>> variables = {};
  Container main = {};       // of spec.template
  Retention retention = {};  // spec.retention
  std::vector<Notification> notifications = {};
  std::vector<Place> experiments = {};  // where each explicit point stands
  bool has_types = false;               // spec.parameters
  // Where the rows of axes stand, by the axis' first name; with has_types.
  std::map<std::pair<std::string, uint64_t>, Place> value_places = {};
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
constexpr std::string_view kNoObjectName = "is no Kubernetes name; use a-z, 0-9, - and .";
// Whether `text` is a key of a Secret's or a ConfigMap's data.
bool is_data_key(std::string_view text);
// Whether a part of the path is "..".
bool has_dot_dot(std::string_view path);
// Whether `path` stays below where it starts: relative, without . and ..
bool is_path_within(std::string_view path);

// The data of the ConfigMap that `name` names; null, and a problem, when there is none.
const std::map<std::string, std::string>* find_config(Reading& reading, const Item& name);

// The entries of a map whose keys people choose, each with its path; a problem when it is none, or when a key
// means something else to kubectl: yes, 010.
std::vector<std::pair<std::string, Node::Entry>> entries_of(Reading& reading, const std::optional<Item>& item,
                                                            std::string_view what_instead);

// The value of a parameter; a problem, and nothing, when it is none.
std::optional<Value> read_value(Reading& reading, const Item& item);
Written written_value(const Value& value);

// The entries of one point, or of one rule; a problem when there are none.
std::vector<std::pair<std::string, Node::Entry>> parameter_entries(Reading& reading, const Item& item,
                                                                   const std::string& example);

// {backend: vllm, model: [a, b], batch_size: {gt: 8}}: of the parameters that the study has so far. Empty
// when there are problems.
std::vector<Requirement> read_match(Reading& reading, const Item& item, std::span<const std::string> known);
Written written_match(const std::vector<Requirement>& match);

// A regular expression that compiles; with One, one that has a group to take.
enum class Groups { None, One };
void read_regex(Fields& fields, std::string_view name, std::string& to, Groups groups);

// What the types of parameters say of their values. The types must outlive it.
class ParameterChecks {
 public:
  explicit ParameterChecks(const std::vector<ParameterType>& types);
  ~ParameterChecks();

  // "must be at least 1, is 0"; empty when nothing is wrong.
  std::string wrong(const std::string& name, const Value& value) const;

 private:
  struct Check;
  std::map<std::string, Check> checks_;
};

// The names of things that are told apart by them.
class Names {
 public:
  explicit Names(Problems& problems) : problems_(&problems) {}

  // A problem when there is one of that name already. An empty name is none.
  void add(const Item& item, const std::string& name);
  bool has(const std::string& name) const { return places_.contains(name); }
  std::vector<std::string> all() const { return keys_of(places_); }

 private:
  Problems* problems_;
  std::map<std::string, Place> places_;
};

}  // namespace studyctl
