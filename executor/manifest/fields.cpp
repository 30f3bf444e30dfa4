#include "manifest/fields.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "manifest/literal.h"
#include "model/substitution.h"

namespace studyctl {
namespace {

std::string is_a(const Node& node) {
  return node.is_scalar() ? "is " + shortened(node.text) : "is " + std::string(kind_words(node));
}

std::string range_words(int64_t least, int64_t most) {
  if (most == std::numeric_limits<int64_t>::max()) return "at least " + std::to_string(least);
  return std::to_string(least) + " to " + std::to_string(most);
}

void report_unknown(Problems& problems, const Item& map, const Node::Entry& entry,
                    std::span<const Field> known) {
  const std::string path = map.path.empty() ? entry.key : map.path + "." + entry.key;
  const auto field =
      std::find_if(known.begin(), known.end(), [&](const Field& f) { return f.name == entry.key; });
  if (field != known.end()) {
    if (!field->refused.empty()) problems.add(entry.place, path, field->refused);
    return;
  }
  // A guess costs more than it is worth where it is not shown.
  if (problems.full()) return problems.add(entry.place, path, "unknown field");
  std::vector<std::string> all, names;
  for (const Field& candidate : known) {
    all.emplace_back(candidate.name);
    if (candidate.refused.empty()) names.emplace_back(candidate.name);
  }
  // A misspelt field that cannot be had is told by its name first.
  if (nearest(entry.key, all)) names = std::move(all);
  problems.add(entry.place, path, unknown_name("field", entry.key, names));
}

}  // namespace

void check_key(Problems& problems, const Node::Entry& entry, const std::string& path) {
  if (!entry.is_plain || is_own_meaning(entry.key)) return;
  const std::string key = shortened(entry.key);
  problems.add(entry.place, path,
               "the key " + key + " means something else to kubectl; quote it: \"" + key + "\"");
}

std::string unknown_name(std::string_view what, std::string_view name, std::span<const std::string> known) {
  const std::string unknown =
      what.empty() ? "'" + shortened(name) + "' is unknown" : "unknown " + std::string(what);
  if (const auto near = nearest(name, known)) return unknown + ", did you mean '" + *near + "'?";
  if (known.empty()) return unknown + "; there are none here";
  constexpr size_t kMostListed = 20;
  std::vector<std::string> listed(
      known.begin(), known.begin() + static_cast<std::ptrdiff_t>(std::min(known.size(), kMostListed)));
  if (listed.size() < known.size()) listed.emplace_back("…");
  return unknown + "; there " + (known.size() == 1 ? "is: " : "are: ") + join(listed, ", ");
}

std::optional<std::string> read_raw_text(Problems& problems, const Item& item) {
  const Node& node = *item.node;
  if (node.text.find('\0') != std::string::npos) {
    problems.add(node.place, item.path, "has a NUL character in it; remove it");
    return std::nullopt;
  }
  if (node.kind == Node::Kind::Quoted) return node.text;
  if (node.kind == Node::Kind::Plain && plain_kind(node.text) == Value::Kind::String) return node.text;
  if (node.kind == Node::Kind::Plain) {
    problems.add(
        node.place, item.path,
        "must be text, is " + std::string(kind_words(node)) + "; quote it: \"" + shortened(node.text) + "\"");
  } else {
    const char* instead = node.kind == Node::Kind::Null ? "; write \"\" for no text" : "";
    problems.add(node.place, item.path, "must be text, " + is_a(node) + instead);
  }
  return std::nullopt;
}

std::optional<std::string> read_text(Problems& problems, const Item& item) {
  auto text = read_raw_text(problems, item);
  if (!text || text->find("${") == std::string::npos) return text;
  const auto found = substitutions_in(*text);
  if (found && found->empty()) return text;
  problems.add(item.node->place, item.path,
               "nothing is substituted here; only in the container's texts, files and their fromFile");
  return std::nullopt;
}

std::optional<int64_t> read_integer(Problems& problems, const Item& item, int64_t least, int64_t most) {
  const Node& node = *item.node;
  int64_t value = 0;
  const char* end = node.text.data() + node.text.size();
  const auto parsed = std::from_chars(node.text.data(), end, value);
  const bool is_integer = node.kind == Node::Kind::Plain && is_own_meaning(node.text) &&
                          parsed.ec == std::errc() && parsed.ptr == end;
  if (!is_integer) {
    const bool quoted = node.kind == Node::Kind::Quoted;
    problems.add(
        node.place, item.path,
        "must be a whole number" +
            std::string(quoted ? " without quotes, is \"" + shortened(node.text) + "\"" : ", " + is_a(node)));
    return std::nullopt;
  }
  if (value >= least && value <= most) return value;
  problems.add(node.place, item.path, "must be " + range_words(least, most) + ", is " + node.text);
  return std::nullopt;
}

std::optional<double> read_number(Problems& problems, const Item& item, double least, double most) {
  const Node& node = *item.node;
  double value = 0;
  const char* end = node.text.data() + node.text.size();
  const auto parsed = std::from_chars(node.text.data(), end, value);
  if (node.kind != Node::Kind::Plain || parsed.ec != std::errc() || parsed.ptr != end) {
    problems.add(node.place, item.path, "must be a number, " + is_a(node));
    return std::nullopt;
  }
  if (value >= least && value <= most) return value;
  problems.add(node.place, item.path,
               "must be " + canonical_number(least) + " to " + canonical_number(most) + ", is " + node.text);
  return std::nullopt;
}

std::optional<bool> read_boolean(Problems& problems, const Item& item) {
  const Node& node = *item.node;
  if (node.kind == Node::Kind::Plain && (node.text == "true" || node.text == "false"))
    return node.text == "true";
  problems.add(node.place, item.path, "must be true or false, without quotes, " + is_a(node));
  return std::nullopt;
}

std::optional<Duration> read_duration(Problems& problems, const Item& item) {
  if (!item.node->is_scalar()) {
    problems.add(item.node->place, item.path,
                 "must be a duration like 30s, 10m or 1h30m, " + is_a(*item.node));
    return std::nullopt;
  }
  const auto duration = parse_duration(item.node->text);
  if (duration) return *duration;
  problems.add(item.node->place, item.path, duration.error().message);
  return std::nullopt;
}

std::optional<std::string> read_quantity(Problems& problems, const Item& item) {
  const Node& node = *item.node;
  if (!node.is_scalar()) {
    problems.add(node.place, item.path, "must be a quantity like 4, 500m or 16Gi, " + is_a(node));
    return std::nullopt;
  }
  if (node.kind == Node::Kind::Quoted || plain_kind(node.text) == Value::Kind::String)
    return read_text(problems, item);
  if (is_own_meaning(node.text)) return node.text;
  problems.add(
      node.place, item.path,
      shortened(node.text) + " means something else to kubectl; quote it: \"" + shortened(node.text) + "\"");
  return std::nullopt;
}

std::vector<Item> one_or_list(const Item& item) {
  std::vector<Item> items;
  if (item.node->kind != Node::Kind::Sequence) {
    items.push_back(item);
    return items;
  }
  for (const Node* node : item.node->items) {
    items.push_back({node, item.path + "[" + std::to_string(items.size()) + "]"});
  }
  return items;
}

std::vector<Item> read_list(Problems& problems, const Item& item) {
  if (item.node->kind == Node::Kind::Sequence) return one_or_list(item);
  problems.add(item.node->place, item.path, "must be a list like [a, b], " + is_a(*item.node));
  return {};
}

Fields::Fields(Problems& problems, Item map, std::span<const Field> known)
    : problems_(&problems), item_(std::move(map)), place_(item_.node->place) {
  if (item_.node->kind != Node::Kind::Map) {
    problems.add(place_, item_.path, "must be a map, " + is_a(*item_.node));
    item_.node = nullptr;
    return;
  }
  for (const Node::Entry& entry : item_.node->entries) report_unknown(problems, item_, entry, known);
}

std::string Fields::path(std::string_view name) const {
  return item_.path.empty() ? std::string(name) : item_.path + "." + std::string(name);
}

std::optional<Item> Fields::find(std::string_view name) const {
  const Node* node = item_.node ? item_.node->find(name) : nullptr;
  if (!node || node->kind == Node::Kind::Null) return std::nullopt;
  return Item{node, path(name)};
}

std::optional<Item> Fields::require(std::string_view name, std::string_view what_instead) const {
  auto item = find(name);
  if (!item && item_.node) problems_->add(place_, path(name), "is missing; " + std::string(what_instead));
  return item;
}

std::optional<std::string> Fields::text(std::string_view name) const {
  const auto item = find(name);
  return item ? read_text(*problems_, *item) : std::nullopt;
}

std::optional<bool> Fields::boolean(std::string_view name) const {
  const auto item = find(name);
  return item ? read_boolean(*problems_, *item) : std::nullopt;
}

std::optional<int64_t> Fields::integer(std::string_view name, int64_t least, int64_t most) const {
  const auto item = find(name);
  return item ? read_integer(*problems_, *item, least, most) : std::nullopt;
}

std::optional<double> Fields::number(std::string_view name, double least, double most) const {
  const auto item = find(name);
  return item ? read_number(*problems_, *item, least, most) : std::nullopt;
}

std::optional<Duration> Fields::duration(std::string_view name) const {
  const auto item = find(name);
  return item ? read_duration(*problems_, *item) : std::nullopt;
}

std::vector<Item> Fields::list(std::string_view name) const {
  const auto item = find(name);
  return item ? read_list(*problems_, *item) : std::vector<Item>{};
}

std::vector<std::string> Fields::texts(std::string_view name) const {
  std::vector<std::string> texts;
  for (const Item& item : list(name)) {
    if (auto text = read_text(*problems_, item)) texts.push_back(std::move(*text));
  }
  return texts;
}

void Fields::problem(std::string_view name, std::string_view what) const {
  const auto item = find(name);
  problems_->add(item ? item->node->place : place_, path(name), what);
}

}  // namespace studyctl
