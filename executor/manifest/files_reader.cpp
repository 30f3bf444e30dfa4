#include "manifest/files_reader.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"

namespace studyctl {
namespace {

constexpr std::array<Field, 1> kFileFields = {{{"fromFile"}}};

// A directory of `path` that is a file too: "a" of "a/b"; empty when there is none.
std::string file_above(const std::string& path, const std::set<std::string>& files) {
  for (size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    if (files.contains(path.substr(0, slash))) return path.substr(0, slash);
  }
  return {};
}

void read_file_of(Reading& reading, const Item& item, StudyFile& file) {
  if (item.node->kind != Node::Kind::Map) {
    file.content = read_template(reading, item).value_or("");
    return;
  }
  const Fields fields(reading.problems, item, kFileFields);
  const auto from = fields.require("fromFile", "give the content as text, or {fromFile: PATH}");
  if (!from) return;
  file.from_file = read_template(reading, *from, TemplateScope::Parameters).value_or("");
  if (from->node->is_scalar() && from->node->text.empty())
    fields.problem("fromFile", "is empty; name a file");
}

}  // namespace

bool is_path_within(std::string_view path) {
  if (path.empty() || path.size() > 4096) return false;
  const std::vector<std::string> parts = split(path, '/');
  return std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
    return !part.empty() && part != "." && part != ".." && part.size() <= 255;
  });
}

void read_files(Reading& reading, const Item& item, Study& study) {
  if (item.node->kind != Node::Kind::Map) {
    reading.problems.add(item.node->place, item.path, "must be a map of names and contents");
    return;
  }
  std::set<std::string> names;
  for (const Node::Entry& entry : item.node->entries) names.insert(entry.key);
  for (const Node::Entry& entry : item.node->entries) {
    const std::string path = item.path + "." + entry.key;
    check_key(reading.problems, entry, path);
    if (!is_path_within(entry.key)) {
      reading.problems.add(entry.place, path, "must be a path below /study: no / in front, no '.' or '..'");
    } else if (entry.key == "params.json") {
      reading.problems.add(entry.place, path, "is written by studyctl itself; use another name");
    } else if (const std::string above = file_above(entry.key, names); !above.empty()) {
      reading.problems.add(entry.place, path,
                           "needs the directory " + shortened(above) + ", which is a file here; rename one");
    }
    StudyFile file{entry.key, {}, {}, reading.problems.source().describe(entry.value->place)};
    read_file_of(reading, {entry.value, path}, file);
    study.files.push_back(std::move(file));
  }
}

}  // namespace studyctl
