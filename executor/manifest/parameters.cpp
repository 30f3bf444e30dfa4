#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <memory>
#include <unordered_map>

#include "base/decimal.h"
#include "base/text.h"
#include "manifest/literal.h"
#include "manifest/parts.h"

// What parameters there are, where, and what their values may be.
namespace studyctl {
namespace {

using Type = ParameterType::Type;
constexpr std::array<std::pair<std::string_view, Type>, 4> kTypes = {{{"string", Type::String},
                                                                      {"integer", Type::Integer},
                                                                      {"number", Type::Number},
                                                                      {"boolean", Type::Boolean}}};

// A bound, which may be quoted.
void read_bound(Fields& fields, std::string_view name, std::string& to) {
  const auto item = fields.find(name);
  const auto text = item ? read_quantity(fields.problems(), *item) : std::nullopt;
  if (text && !is_decimal(*text)) fields.problem(name, "must be a number, is " + shortened(*text));
  if (text) to = *text;
}

void check_bounds(Fields& fields, const ParameterType& type) {
  const bool has_bounds = !type.minimum.empty() || !type.maximum.empty();
  if (has_bounds && (type.type == Type::String || type.type == Type::Boolean))
    fields.problem("type", "has no minimum and maximum; they are for integer and number");
  const auto order = compare_decimals(type.minimum, type.maximum);
  if (order && *order > 0) fields.problem("maximum", "is less than the minimum");
}

constexpr auto kType = [](auto& io, auto& type) {
  io.when_read([&](auto& fields) {
    fields.choice("type", type.type, kTypes);
    read_bound(fields, "minimum", type.minimum);
    read_bound(fields, "maximum", type.maximum);
    read_regex(fields, "pattern", type.pattern, Groups::None);
    check_bounds(fields, type);
  });
  io.when_written([&](auto& out) {
    if (type.type != Type::Any) out.choice("type", type.type, kTypes);
    if (!type.minimum.empty()) out.text("minimum", type.minimum);
    if (!type.maximum.empty()) out.text("maximum", type.maximum);
    out.text("pattern", type.pattern);
  });
  io.items("enum", type.allowed, read_value, written_value);
};

std::string_view name_of(Type type) {
  const auto word =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const auto& one) { return one.second == type; });
  return word == kTypes.end() ? "" : word->first;
}

bool is_integer(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789", text[0] == '-' ? 1 : 0) == std::string::npos;
}

bool is_of(Type type, const Value& value) {
  switch (type) {
    case Type::Any: return true;
    case Type::String: return value.kind == Value::Kind::String;
    case Type::Number: return value.kind == Value::Kind::Number;
    case Type::Boolean: return value.kind == Value::Kind::Boolean;
    case Type::Integer: return value.kind == Value::Kind::Number && is_integer(value.text);
  }
  return false;
}

}  // namespace

struct ParameterChecks::Check {
  const ParameterType& type;
  std::unique_ptr<RE2> pattern;
};

ParameterChecks::ParameterChecks(const std::vector<ParameterType>& types) {
  for (const ParameterType& type : types) {
    checks_.emplace(type.name,
                    Check{type, type.pattern.empty() ? nullptr : std::make_unique<RE2>(type.pattern)});
  }
}
ParameterChecks::~ParameterChecks() = default;

std::string ParameterChecks::wrong(const std::string& name, const Value& value) const {
  const auto found = checks_.find(name);
  if (found == checks_.end()) return {};
  const ParameterType& type = found->second.type;
  const std::string is = ", is " + (value.text.empty() ? "empty" : shortened(value.text));
  const auto is_same = [&](const Value& allowed) { return allowed.text == value.text; };
  if (!is_of(type.type, value)) {
    const bool quoted =
        value.kind == Value::Kind::String && type.type != Type::Boolean && is_decimal(value.text);
    return "must be of type " + std::string(name_of(type.type)) + is +
           (quoted                      ? " in quotes"
            : type.type == Type::String ? "; quote it"
                                        : "");
  }
  if (!type.allowed.empty() && std::none_of(type.allowed.begin(), type.allowed.end(), is_same)) {
    std::vector<std::string> texts;
    for (const Value& allowed : type.allowed) texts.push_back(allowed.text);
    return "must be one of " + shortened(join(texts, ", ")) + is;
  }
  const bool has_bounds = !type.minimum.empty() || !type.maximum.empty();
  if (has_bounds && !is_decimal(value.text)) return "must be a number" + is;
  if (const auto order = compare_decimals(value.text, type.minimum); order && *order < 0)
    return "must be at least " + type.minimum + is;
  if (const auto order = compare_decimals(value.text, type.maximum); order && *order > 0)
    return "must be at most " + type.maximum + is;
  if (found->second.pattern && !RE2::FullMatch(value.text, *found->second.pattern))
    return "must match " + shortened(type.pattern) + is;
  return {};
}

std::optional<ParameterType::Type> parameter_type_named(std::string_view word) {
  const auto found =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const auto& one) { return one.first == word; });
  return found == kTypes.end() ? std::nullopt : std::optional(found->second);
}

const std::vector<std::string>& parameter_type_names() {
  static const std::vector<std::string> names = keys_of(kTypes);
  return names;
}

void read_parameters(Fields& spec, std::vector<ParameterType>& types) {
  Reading& reading = spec.reading();
  const auto entries =
      entries_of(reading, spec.find("parameters"), "must be a map of parameters and their types");
  for (const auto& [path, entry] : entries) {
    if (!check_parameter_name(reading, entry.place, path, entry.key)) continue;
    Fields fields(reading, {entry.value, path});
    ParameterType type;
    type.name = entry.key;
    if (fields.is_map()) kType(fields, type);
    types.push_back(std::move(type));
  }
  reading.has_types = !types.empty();
}

void write_parameters(FieldWriter& spec, const std::vector<ParameterType>& types) {
  FieldWriter map;
  for (const ParameterType& type : types) {
    FieldWriter one;
    kType(one, type);
    map.put(type.name, one.take());
  }
  if (!types.empty()) spec.put("parameters", map.take());
}

namespace {

// Which parameters have a value that may be the prefix of a scoped name.
using Owners = std::unordered_map<std::string, std::set<std::string>>;

Owners owners_in(const Study& study) {
  Owners owners;
  const auto add = [&](const Axis& axis) {
    if (std::holds_alternative<Range>(axis.values)) return;
    for (uint64_t row = 0; row < axis.size(); ++row)
      for (size_t name = 0; name < axis.names.size(); ++name)
        owners[axis.value(row, name).text].insert(axis.names[name]);
  };
  for (const Axis& axis : study.sweep) add(axis);
  if (study.experiments_from) add(study.experiments_from->rows);
  if (!study.sweep.empty() || study.experiments_from) return owners;
  for (const ExplicitPoint& point : study.experiments)
    for (const auto& [name, value] : point.parameters) owners[value.text].insert(name);
  return owners;
}

// The scope of a dotted name, or what is wrong.
Result<Scope> scope_of(const std::string& name, const Owners& owners) {
  std::vector<Scope> found;
  for (size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1)) {
    const auto owner = owners.find(name.substr(0, dot));
    if (owner == owners.end()) continue;
    for (const std::string& parameter : owner->second)
      if (parameter != name) found.push_back({parameter, owner->first});
  }
  if (found.size() == 1) return found.front();
  const std::string prefix = name.substr(0, name.find('.'));
  if (found.size() > 1) {
    return Error{ErrorCode::Invalid, "its scope is not clear: '" + found[0].value + "' is a value of '" +
                                         found[0].parameter + "', '" + found[1].value + "' of '" +
                                         found[1].parameter + "'; rename a value, so that one axis has it"};
  }
  std::vector<std::string> values;
  for (const auto& [value, parameters] : owners) values.push_back(value);
  std::sort(values.begin(), values.end());
  const auto near = nearest(prefix, values);
  return Error{ErrorCode::Invalid,
               "the prefix '" + prefix + "' must be a value of another axis, and no axis has it" +
                   (near ? "; did you mean '" + *near + "' of '" + *owners.at(*near).begin() + "'?"
                         : "; write _ for the dot if it is no scope")};
}

Place place_of(const Reading& reading, const std::string& name) {
  for (const auto& [variable, parameter] : reading.variables)
    if (parameter.first == name) return parameter.second;
  return {};
}

// Axes whose scopes lead back to themselves are nowhere.
void check_scopes_end(Reading& reading, const std::vector<Axis>& sweep) {
  std::map<std::string, const Axis*> by_name;
  for (const Axis& axis : sweep)
    for (const std::string& name : axis.names) by_name[name] = &axis;
  for (const Axis& axis : sweep) {
    const Axis* at = &axis;
    for (size_t steps = 0; at && at->scope; ++steps) {
      const auto owner = by_name.find(at->scope->parameter);
      at = owner == by_name.end() ? nullptr : owner->second;
      if (at != &axis && steps < sweep.size()) continue;
      const std::string path = "spec.sweep." + join(axis.names, ", ");
      reading.problems.add(place_of(reading, axis.names[0]), path,
                           "its scope leads back to itself by '" + axis.scope->parameter + "'");
      break;
    }
  }
}

// Every scope there is, by the name of the parameter.
using Scopes = std::map<std::string, Scope>;

Scopes scopes_of(const Study& study, const std::set<std::string>& known) {
  Scopes scopes;
  for (const Axis& axis : study.sweep)
    for (const std::string& name : axis.names)
      if (axis.scope) scopes.emplace(name, *axis.scope);
  if (!study.sweep.empty() || study.experiments_from) return scopes;
  const Owners owners = owners_in(study);
  for (const std::string& name : known) {
    if (name.find('.') == std::string::npos) continue;
    if (const auto scope = scope_of(name, owners)) scopes.emplace(name, *scope);
  }
  return scopes;
}

// A point has the parameters that all have, and those that its values open.
void check_point(Reading& reading, const ExplicitPoint& point, const Item& item,
                 const std::set<std::string>& known, const Scopes& scopes) {
  const auto is_open = [&](const std::string& name) {
    const auto scope = scopes.find(name);
    if (scope == scopes.end()) return true;
    return std::any_of(point.parameters.begin(), point.parameters.end(), [&](const auto& parameter) {
      return parameter.first == scope->second.parameter && parameter.second.text == scope->second.value;
    });
  };
  std::set<std::string> missing;
  for (const std::string& name : known)
    if (is_open(name)) missing.insert(name);
  const std::vector<std::string> names(known.begin(), known.end());
  const Place place = item.node->place;
  for (const auto& [name, value] : point.parameters) {
    missing.erase(name);
    if (!known.contains(name)) {
      const auto near = nearest(name, names);
      reading.problems.add(place, item.path + "." + name,
                           "no axis of spec.sweep has this parameter" +
                               (near ? ", did you mean '" + *near + "'?" : "; add one, or remove it"));
    } else if (!is_open(name)) {
      const Scope& scope = scopes.at(name);
      reading.problems.add(place, item.path + "." + name,
                           "is there only where " + scope.parameter + " is " + scope.value + "; remove it");
    }
  }
  if (missing.empty()) return;
  reading.problems.add(place, item.path,
                       "lacks '" + join(std::vector<std::string>(missing.begin(), missing.end()), "', '") +
                           "'; give it every parameter that the others have");
}

void check_uses(Reading& reading, const std::set<std::string>& known) {
  const std::vector<std::string> names(known.begin(), known.end());
  for (const Mention& use : reading.uses) {
    if (known.contains(use.text) || reading.problems.full()) continue;
    reading.problems.add(use.place, use.path,
                         unknown_name("parameter '" + shortened(use.text) + "'", use.text, names));
  }
}

// Of what a type says; the rows of a CSV file were looked at when they were read.
void check_values(Reading& reading, const Study& study) {
  if (study.parameters.empty()) return;
  const ParameterChecks checks(study.parameters);
  for (const Axis& axis : study.sweep) {
    const std::string path = "spec.sweep." + join(axis.names, ", ");
    for (uint64_t row = 0; row < axis.size() && !reading.problems.full(); ++row) {
      for (size_t name = 0; name < axis.names.size(); ++name) {
        const std::string wrong = checks.wrong(axis.names[name], axis.value(row, name));
        if (wrong.empty()) continue;
        const auto place = reading.value_places.find({axis.names[0], row});
        reading.problems.add(
            place == reading.value_places.end() ? place_of(reading, axis.names[0]) : place->second,
            path + "[" + std::to_string(row) + "]",
            (axis.names.size() > 1 ? axis.names[name] + " " : "") + wrong);
        // Of a range the first tells enough.
        if (std::holds_alternative<Range>(axis.values)) row = axis.size();
        break;
      }
    }
  }
  for (size_t i = 0; i < study.experiments.size(); ++i) {
    for (const auto& [name, value] : study.experiments[i].parameters) {
      const std::string wrong = checks.wrong(name, value);
      if (!wrong.empty())
        reading.problems.add(reading.experiments[i], "spec.experiments[" + std::to_string(i) + "]." + name,
                             wrong);
    }
  }
}

}  // namespace

void find_scopes(Reading& reading, Study& study) {
  const auto is_dotted = [](const std::string& name) { return name.find('.') != std::string::npos; };
  std::optional<Owners> owners;
  for (Axis& axis : study.sweep) {
    if (std::none_of(axis.names.begin(), axis.names.end(), is_dotted)) continue;
    if (!owners) owners = owners_in(study);
    const std::string path = "spec.sweep." + join(axis.names, ", ");
    const Place place = place_of(reading, axis.names[0]);
    for (const std::string& name : axis.names) {
      auto scope = is_dotted(name) ? scope_of(name, *owners)
                                   : Error{ErrorCode::Invalid, "'" + name +
                                                                   "' moves together with scoped axes; "
                                                                   "give it their prefix too"};
      if (!scope) {
        reading.problems.add(place, path, scope.error().message);
      } else if (axis.scope &&
                 (axis.scope->parameter != scope->parameter || axis.scope->value != scope->value)) {
        reading.problems.add(place, path,
                             "its names have different scopes, '" + axis.scope->value + "' and '" +
                                 scope->value + "'; make two axes of it");
      } else {
        axis.scope = *std::move(scope);
      }
    }
  }
  check_scopes_end(reading, study.sweep);
}

void check_parameters(Reading& reading, const Study& study) {
  std::set<std::string> all;
  for (const auto& [variable, parameter] : reading.variables) all.insert(parameter.first);
  const std::set<std::string>& known = reading.swept.empty() ? all : reading.swept;
  const Scopes scopes = scopes_of(study, known);
  for (size_t i = 0; i < study.experiments.size() && !reading.problems.full(); ++i) {
    const Node at{.place = reading.experiments[i]};
    check_point(reading, study.experiments[i], {&at, "spec.experiments[" + std::to_string(i) + "]"}, known,
                scopes);
  }
  check_values(reading, study);
  std::set<std::string> usable = known;
  for (const ParameterType& type : study.parameters) {
    if (usable.insert(type.name).second)
      reading.problems.warn(
          {1, 1}, "spec.parameters." + type.name,
          "no experiment has this parameter: give it values by an axis of spec.sweep, or by --param " +
              type.name + "=VALUE");
  }
  check_uses(reading, usable);
  if (!study.experiments_from) {
    for (const Mention& use : reading.row_uses)
      reading.problems.add(use.place, use.path,
                           "${source.row} is a row of spec.experimentsFrom, which there is not");
  }
}

}  // namespace studyctl
