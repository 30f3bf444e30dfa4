#include "manifest/overrides.h"

#include <algorithm>

#include "base/text.h"
#include "manifest/fields.h"

namespace studyctl {
namespace {

// Puts what flags say into copies of the nodes on the way.
class Overlay {
 public:
  Overlay(Documents& documents, Problems& problems) : documents_(&documents), problems_(&problems) {}

  void set(Node& study, const Overrides::Setting& setting) {
    const Place place = problems_->source().add_flag(setting.flag);
    const std::string_view below = setting.path;
    if (!below.starts_with("execution.") || below.ends_with('.') || below.find("..") != std::string::npos) {
      problems_->add(place, "", "sets execution.PATH=VALUE alone; --param changes the values of an axis");
      return;
    }
    const Node* value = read_value(setting.value, place);
    if (!value) return;
    Node* map = &child(study, "spec", place);
    std::string path = "spec";
    const std::vector<std::string> names = split(below, '.');
    for (size_t i = 0; i + 1 < names.size(); ++i) {
      map = &child(*map, names[i], place);
      path += "." + names[i];
      if (map->kind == Node::Kind::Map) continue;
      problems_->add(place, path,
                     "is " + std::string(kind_words(*map)) + ", with nothing to set in it; set it whole");
      return;
    }
    put(*map, names.back(), value, place);
  }

  void set_axis(Node& study, const std::string& name, const std::string& values) {
    const Place place = problems_->source().add_flag("--param " + name);
    const Node* spec = study.find("spec");
    const Node* sweep = spec ? spec->find("sweep") : nullptr;
    std::vector<std::string> known;
    for (const Node::Entry& entry : sweep ? sweep->entries : std::vector<Node::Entry>{}) {
      if (entry.key == name) {
        if (const Node* list = read_value("[" + values + "]", place)) {
          put(child(child(study, "spec", place), "sweep", place), name, list, place);
        }
        return;
      }
      for (const std::string& part : split(entry.key, ',')) {
        known.emplace_back(trim(part));
        if (known.back() != name) continue;
        problems_->add(place, "",
                       "'" + name + "' moves together with others (" + entry.key + "); change the manifest");
        return;
      }
    }
    // One that is declared, and has had its default so far.
    const Node* declared = spec ? spec->find("parameters") : nullptr;
    if (declared && declared->find(name)) {
      if (const Node* list = read_value("[" + values + "]", place))
        put(child(child(study, "spec", place), "sweep", place), name, list, place);
      return;
    }
    for (const Node::Entry& entry : declared ? declared->entries : std::vector<Node::Entry>{})
      known.push_back(entry.key);
    problems_->add(place, "", unknown_name("", name, known));
  }

 private:
  // The value of `key`, as a copy that may be changed; a new map when there is none.
  Node& child(Node& map, const std::string& key, Place place) {
    const auto found = std::find_if(map.entries.begin(), map.entries.end(),
                                    [&](const Node::Entry& e) { return e.key == key; });
    if (found != map.entries.end() && found->value->kind != Node::Kind::Null) {
      Node& copy = documents_->copy(*found->value);
      found->value = &copy;
      return copy;
    }
    Node& added = documents_->add();
    added.kind = Node::Kind::Map;
    added.place = place;
    put(map, key, &added, place);
    return added;
  }

  static void put(Node& map, const std::string& key, const Node* value, Place place) {
    for (Node::Entry& entry : map.entries) {
      if (entry.key != key) continue;
      entry.value = value;
      return;
    }
    map.entries.push_back({key, place, value});
  }

  // What `text` is as YAML, all of it placed at the flag.
  const Node* read_value(const std::string& text, Place place) {
    Source source("", text);
    Problems problems(source);
    const Documents value = read_documents(text, problems);
    if (problems.any() || value.roots.size() > 1) {
      problems_->add(place, "", "'" + shortened(text) + "' cannot be read; put quotes around it");
      return nullptr;
    }
    if (!value.roots.empty()) return adopt(*value.roots[0], place);
    Node& nothing = documents_->add();
    nothing.place = place;
    return &nothing;
  }

  const Node* adopt(const Node& node, Place place) {
    Node& copy = documents_->copy(node);
    copy.place = place;
    for (const Node*& item : copy.items) item = adopt(*item, place);
    for (Node::Entry& entry : copy.entries) {
      entry.place = place;
      entry.value = adopt(*entry.value, place);
    }
    return &copy;
  }

  Documents* documents_;
  Problems* problems_;
};

}  // namespace

const Node& apply_overrides(Documents& documents, const Node& study, const Overrides& overrides,
                            Problems& problems) {
  if (overrides.settings.empty() && overrides.parameters.empty()) return study;
  Node& copy = documents.copy(study);
  Overlay overlay(documents, problems);
  for (const Overrides::Setting& setting : overrides.settings) overlay.set(copy, setting);
  for (const auto& [name, values] : overrides.parameters) overlay.set_axis(copy, name, values);
  return copy;
}

}  // namespace studyctl
