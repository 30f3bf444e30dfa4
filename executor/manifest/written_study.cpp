#include "manifest/written_study.h"

#include <charconv>

#include "base/hash.h"
#include "base/text.h"
#include "manifest/literal.h"
#include "manifest/study_reader.h"

namespace studyctl {
namespace {

Written value(const Value& value) {
  return value.kind == Value::Kind::String ? Written::text(value.text) : Written::number(value.text);
}

// Quoted, so that kubectl changes nothing in it.
Written range(const Range& range) {
  const auto text_at = [](const Range& of, uint64_t i) {
    return Written::text(Axis{{"x"}, of}.at(i)[0].text);
  };
  return {Written::Map{{"from", text_at(range, 0)},
                       {"to", text_at(range, range.count - 1)},
                       {"step", text_at(Range{range.step, 1, range.digits, 1}, 0)}}};
}

Written axis_values(const Axis& axis) {
  if (const auto* steps = std::get_if<Range>(&axis.values)) return range(*steps);
  Written::List list;
  for (const std::vector<Value>& row : std::get<std::vector<std::vector<Value>>>(axis.values)) {
    if (axis.names.size() == 1) {
      list.push_back(value(row[0]));
      continue;
    }
    Written::List tied;
    for (const Value& one : row) tied.push_back(value(one));
    list.push_back({std::move(tied)});
  }
  return {std::move(list)};
}

Written exclude(const std::vector<ExcludeRule>& rules) {
  Written::List list;
  for (const ExcludeRule& rule : rules) {
    Written::Map map;
    for (const auto& [name, values] : rule.match) {
      Written::List any;
      for (const Value& one : values) any.push_back(value(one));
      map.emplace_back(name, Written{std::move(any)});
    }
    list.push_back({std::move(map)});
  }
  return {std::move(list)};
}

Written files(const std::vector<StudyFile>& files) {
  Written::Map map;
  for (const StudyFile& file : files) {
    map.emplace_back(file.path, file.from_file.empty()
                                    ? Written::text(file.content)
                                    : Written{Written::Map{{"fromFile", Written::text(file.from_file)}}});
  }
  return {std::move(map)};
}

Written written_study(const Study& study) {
  Written::Map labels, sweep, spec;
  for (const auto& [key, text] : study.labels) labels.emplace_back(key, Written::text(text));
  for (const Axis& axis : study.sweep) sweep.emplace_back(join(axis.names, ", "), axis_values(axis));
  Written::List points;
  for (const ExplicitPoint& point : study.experiments) {
    Written::Map map;
    for (const auto& [name, one] : point.parameters) map.emplace_back(name, value(one));
    points.push_back({std::move(map)});
  }
  if (!sweep.empty()) spec.emplace_back("sweep", Written{std::move(sweep)});
  if (!study.exclude.empty()) spec.emplace_back("exclude", exclude(study.exclude));
  if (!points.empty()) spec.emplace_back("experiments", Written{std::move(points)});
  spec.emplace_back("template", written_pod(study.pod));
  if (!study.files.empty()) spec.emplace_back("files", files(study.files));
  spec.emplace_back("results", written_results(study.results));
  spec.emplace_back("execution", written_execution(study.execution));
  Written::Map metadata{{"name", Written::text(study.name)}};
  if (!labels.empty()) metadata.emplace_back("labels", Written{std::move(labels)});
  return {Written::Map{{"apiVersion", Written::text(kApiVersion)},
                       {"kind", Written::text("Study")},
                       {"metadata", Written{std::move(metadata)}},
                       {"spec", Written{std::move(spec)}}}};
}

}  // namespace

Written written_node(const Node& node) {
  switch (node.kind) {
    case Node::Kind::Null: return Written::number("null");
    case Node::Kind::Quoted: return Written::text(node.text);
    case Node::Kind::Plain: {
      const Value::Kind kind = plain_kind(node.text);
      if (kind != Value::Kind::String && is_own_meaning(node.text)) return Written::number(node.text);
      double number = 0;
      const auto end = std::from_chars(node.text.data(), node.text.data() + node.text.size(), number);
      const bool is_number = kind == Value::Kind::Number && end.ec == std::errc() &&
                             end.ptr == node.text.data() + node.text.size();
      return is_number ? Written::number(canonical_number(number)) : Written::text(node.text);
    }
    case Node::Kind::Sequence: {
      Written::List list;
      for (const Node* item : node.items) list.push_back(written_node(*item));
      return {std::move(list)};
    }
    case Node::Kind::Map: break;
  }
  Written::Map map;
  for (const Node::Entry& entry : node.entries) map.emplace_back(entry.key, written_node(*entry.value));
  return {std::move(map)};
}

Written written_config(const ConfigMapDocument& config) {
  Written::Map texts, bytes;
  for (const auto& [key, value] : config.data) {
    const bool is_text = to_utf8(value) == value;
    (is_text ? texts : bytes).emplace_back(key, Written::text(is_text ? value : to_base64(value)));
  }
  return {Written::Map{{"apiVersion", Written::text("v1")},
                       {"kind", Written::text("ConfigMap")},
                       {"metadata", Written{Written::Map{{"name", Written::text(config.name)}}}},
                       {"data", Written{std::move(texts)}},
                       {"binaryData", Written{std::move(bytes)}}}};
}

std::string to_yaml(const Manifest& manifest) {
  std::string text = yaml_of(written_study(manifest.study));
  for (const ConfigMapDocument& config : manifest.configs) text += "---\n" + yaml_of(written_config(config));
  return text;
}

std::string design_json(const Manifest& manifest) {
  const Study& study = manifest.study;
  // Lists where the order of writing counts: the first axis varies slowest.
  Written::List sweep, points, configs;
  for (const ConfigMapDocument& config : manifest.configs) configs.push_back(written_config(config));
  for (const Axis& axis : study.sweep) {
    Written::List names;
    for (const std::string& name : axis.names) names.push_back(Written::text(name));
    sweep.push_back({Written::List{Written{std::move(names)}, axis_values(axis)}});
  }
  for (const ExplicitPoint& point : study.experiments) {
    Written::List pairs;
    for (const auto& [name, one] : point.parameters)
      pairs.push_back({Written::List{Written::text(name), value(one)}});
    points.push_back({std::move(pairs)});
  }
  return json_of({Written::Map{{"sweep", Written{std::move(sweep)}},
                               {"exclude", exclude(study.exclude)},
                               {"experiments", Written{std::move(points)}},
                               {"template", written_pod(study.pod)},
                               {"files", files(study.files)},
                               {"results", written_results(study.results)},
                               {"configs", Written{std::move(configs)}}}},
                 Keys::Sorted);
}

std::string execution_json(const Manifest& manifest) {
  return json_of(written_execution(manifest.study.execution), Keys::Sorted);
}

}  // namespace studyctl
