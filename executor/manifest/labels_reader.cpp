#include "manifest/labels_reader.h"

#include <algorithm>
#include <cctype>

namespace studyctl {
namespace {

bool is_word(std::string_view text) {
  const auto is_end = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  const auto is_inner = [&](char c) { return is_end(c) || c == '-' || c == '_' || c == '.'; };
  return !text.empty() && text.size() <= 63 && is_end(text.front()) && is_end(text.back()) &&
         std::all_of(text.begin(), text.end(), is_inner);
}

bool is_label_key(std::string_view key) {
  const size_t slash = key.find('/');
  if (slash == std::string_view::npos) return is_word(key);
  return is_object_name(key.substr(0, slash)) && is_word(key.substr(slash + 1));
}

}  // namespace

std::map<std::string, std::string> read_labels(Reading& reading, const Item& item) {
  std::map<std::string, std::string> labels;
  if (item.node->kind != Node::Kind::Map) {
    reading.problems.add(item.node->place, item.path, "must be a map like {team: perf}");
    return labels;
  }
  for (const Node::Entry& entry : item.node->entries) {
    const std::string path = item.path + "." + entry.key;
    check_key(reading.problems, entry, path);
    if (!is_label_key(entry.key)) {
      reading.problems.add(entry.place, path,
                           "is no label key; use letters, digits, - _ and ., 63 characters at most");
    } else if (entry.key.starts_with("studyctl.io/")) {
      reading.problems.add(entry.place, path,
                           "labels of studyctl.io are set by studyctl; use another prefix");
    }
    auto value = read_text(reading.problems, {entry.value, path});
    if (!value) continue;
    if (!value->empty() && !is_word(*value)) {
      reading.problems.add(entry.value->place, path,
                           "'" + shortened(*value) +
                               "' is no label value; use letters, digits, - _ and ., 63 characters at most");
    }
    labels.emplace(entry.key, std::move(*value));
  }
  return labels;
}

}  // namespace studyctl
