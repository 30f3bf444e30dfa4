#include "manifest/reading.h"

#include <re2/re2.h>

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "manifest/literal.h"
#include "model/substitution.h"

namespace studyctl {
namespace {

constexpr size_t kLongestName = 63;

const std::vector<std::string>& fixed_names() {
  static const std::vector<std::string> names = {
      "run.id",        "run.cycle",     "run.index",        "run.attempt",    "run.seed",
      "experiment.id", "resources.cpu", "resources.memory", "resources.gpus", "source.row"};
  return names;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

// What is wrong with a substitution; empty when nothing is.
std::string wrong_name(const Substitution& substitution, TemplateScope scope) {
  const std::string& name = substitution.name;
  const std::string whole = "${" + shortened(name) + "}";
  if (name.starts_with("params.")) return {};
  const auto& names = fixed_names();
  const bool known = std::find(names.begin(), names.end(), name) != names.end();
  if (known && substitution.fallback) return whole + " is always known; remove the default behind :-";
  if (known && scope == TemplateScope::Attempt) return {};
  if (known) return whole + " is not known when this is read; only ${params.…} can stand here";
  const std::string unknown = whole + ": " + unknown_name("name", name, names);
  return unknown.ends_with('?') ? unknown : unknown + "; ${params.NAME} is a parameter, $${ the text ${";
}

}  // namespace

std::optional<std::string> read_template(Reading& reading, const Item& item, TemplateScope scope) {
  auto text = read_raw_text(reading.problems, item);
  if (!text) return std::nullopt;
  const auto found = substitutions_in(*text);
  if (!found) {
    reading.problems.add(item.node->place, item.path, found.error().message);
    return std::nullopt;
  }
  const auto lines = static_cast<size_t>(std::count(text->begin(), text->end(), '\n')) + 1;
  Place place = item.node->place;
  for (const Substitution& substitution : *found) {
    place = reading.problems.source().find("${" + substitution.name, place, lines);
    if (const std::string wrong = wrong_name(substitution, scope); !wrong.empty()) {
      reading.problems.add(place, item.path, wrong);
    } else if (substitution.name.starts_with("params.")) {
      reading.uses.push_back({substitution.name.substr(7), place, item.path});
    } else if (substitution.name == "source.row") {
      reading.row_uses.push_back({substitution.name, place, item.path});
    }
  }
  return text;
}

void add_parameter(Reading& reading, Place place, std::string_view path, const std::string& name) {
  std::string variable = "STUDY_PARAM_";
  for (const char c : name) {
    variable += c == '-' || c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  const auto [first, is_new] = reading.variables.emplace(std::move(variable), std::pair(name, place));
  if (is_new || first->second.first == name) return;
  reading.problems.add(place, path,
                       "and '" + first->second.first + "' at " +
                           reading.problems.source().describe(first->second.second) + " are both " +
                           first->first + " in the container; rename one");
}

bool check_parameter_name(Reading& reading, Place place, std::string_view path, const std::string& name) {
  const bool starts_well =
      !name.empty() && (std::isalpha(static_cast<unsigned char>(name[0])) || name[0] == '_');
  const std::vector<std::string> parts = split(name, '.');
  const bool is_whole = std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
    return !part.empty() && std::all_of(part.begin(), part.end(), is_name_character);
  });
  if (starts_well && is_whole && name.size() <= kLongestName) return true;
  reading.problems.add(
      place, path,
      "'" + shortened(name) +
          "' cannot name a parameter; use letters, digits, _ and -, a letter first, 63 at most");
  return false;
}

bool is_label(std::string_view text, size_t most) {
  const auto is_inner = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !text.empty() && text.size() <= most && std::all_of(text.begin(), text.end(), is_inner) &&
         text.front() != '-' && text.back() != '-';
}

bool is_object_name(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  const std::vector<std::string> labels = split(text, '.');
  return std::all_of(labels.begin(), labels.end(),
                     [](const std::string& label) { return is_label(label, 253); });
}

bool is_data_key(std::string_view text) {
  return !text.empty() && text.size() <= 253 && text != "." && !text.starts_with("..") &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_name_character(c) || c == '.'; });
}

bool has_dot_dot(std::string_view path) {
  const std::vector<std::string> parts = split(path, '/');
  return std::find(parts.begin(), parts.end(), "..") != parts.end();
}

bool is_path_within(std::string_view path) {
  if (path.empty() || path.size() > 4096) return false;
  const std::vector<std::string> parts = split(path, '/');
  return std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
    return !part.empty() && part != "." && part != ".." && part.size() <= 255;
  });
}

const std::map<std::string, std::string>* find_config(Reading& reading, const Item& name) {
  const auto text = read_text(reading.problems, name);
  if (!text) return nullptr;
  if (!is_object_name(*text)) {
    reading.problems.add(name.node->place, name.path,
                         "'" + shortened(*text) + "' " + std::string(kNoObjectName));
    return nullptr;
  }
  for (const ConfigMapDocument& one : reading.configs) {
    if (one.name == *text) return &one.data;
  }
  using Data = std::map<std::string, std::string>;
  const Error none{ErrorCode::NotFound, "there is no ConfigMap '" + shortened(*text) + "'"};
  Result<Data> found = reading.find_config ? reading.find_config(*text) : Result<Data>(none);
  if (found) return &reading.configs.emplace_back(ConfigMapDocument{*text, *std::move(found)}).data;
  reading.problems.add(name.node->place, name.path,
                       found.error().code == ErrorCode::NotFound
                           ? none.message + "; add it as a document of this file, or below --config-dir"
                           : found.error().message);
  return nullptr;
}

std::vector<std::pair<std::string, Node::Entry>> entries_of(Reading& reading, const std::optional<Item>& item,
                                                            std::string_view what_instead) {
  std::vector<std::pair<std::string, Node::Entry>> entries;
  if (!item) return entries;
  if (item->node->kind != Node::Kind::Map) reading.problems.add(item->node->place, item->path, what_instead);
  for (const Node::Entry& entry : item->node->entries) {
    const std::string path = item->path + "." + entry.key;
    if (entry.is_plain && !is_own_meaning(entry.key)) {
      const std::string key = shortened(entry.key);
      reading.problems.add(entry.place, path,
                           "the key " + key + " means something else to kubectl; quote it: \"" + key + "\"");
    }
    entries.emplace_back(path, entry);
  }
  return entries;
}

void read_regex(Fields& fields, std::string_view name, std::string& to, Groups groups) {
  const auto item = fields.find(name);
  const auto text = item ? read_raw_text(fields.problems(), *item) : std::nullopt;
  if (!text) return;
  RE2::Options options;
  options.set_log_errors(false);
  const RE2 regex(*text, options);
  if (!regex.ok()) {
    fields.problem(name, "is no regular expression (RE2): " + regex.error());
  } else if (text->empty()) {
    fields.problem(name, "is empty; it would match everything");
  } else if (groups == Groups::One && regex.NumberOfCapturingGroups() == 0) {
    fields.problem(name, "has no group; put what is to be read in ( )");
  } else {
    to = *text;
  }
}

void Names::add(const Item& item, const std::string& name) {
  if (name.empty()) return;
  const auto [first, is_new] = places_.emplace(name, item.node->place);
  if (is_new) return;
  problems_->add(item.node->place, item.path,
                 "is called " + name + " as that at " + problems_->source().describe(first->second) +
                     "; use another name");
}

}  // namespace studyctl
