#include "manifest/fields.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "manifest/literal.h"
#include "manifest/reading.h"
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

}  // namespace

std::string unknown_name(std::string_view what, std::string_view name, std::span<const std::string> known) {
  const std::string unknown =
      what.empty() ? "'" + shortened(name) + "' is unknown" : "unknown " + std::string(what);
  if (const auto near = nearest(name, known)) return unknown + ", did you mean '" + *near + "'?";
  if (known.empty()) return unknown + "; there are none here";
  constexpr size_t kMostListed = 30;
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

Fields::Fields(Reading& reading, Item map)
    : reading_(&reading), item_(std::move(map)), place_(item_.node->place) {
  if (item_.node->kind == Node::Kind::Map) return;
  problems().add(place_, item_.path, "must be a map, " + is_a(*item_.node));
  item_.node = nullptr;
}

Fields::~Fields() {
  if (!item_.node) return;
  const auto has = [](const auto& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const Node::Entry& entry : item_.node->entries) {
    if (has(known_, entry.key) || has(refused_, entry.key)) continue;
    std::vector<std::string> names(known_.begin(), known_.end());
    std::vector<std::string> all = names;
    all.insert(all.end(), refused_.begin(), refused_.end());
    // A guess costs more than it is worth where it is not shown. A misspelt field that cannot be had is told
    // by its name first.
    const bool guesses = !problems().full();
    problems().add(
        entry.place, path(entry.key),
        guesses ? unknown_name("field", entry.key, nearest(entry.key, all) ? all : names) : "unknown field");
  }
}

Problems& Fields::problems() const {
  return reading_->problems;
}

std::string Fields::path(std::string_view name) const {
  return item_.path.empty() ? std::string(name) : item_.path + "." + std::string(name);
}

std::optional<Item> Fields::find(std::string_view name) {
  if (std::find(known_.begin(), known_.end(), name) == known_.end()) known_.push_back(name);
  const Node* node = item_.node ? item_.node->find(name) : nullptr;
  if (!node || node->kind == Node::Kind::Null) return std::nullopt;
  return Item{node, path(name)};
}

bool Fields::has_text(std::string_view name) {
  const auto item = find(name);
  if (!item || kind_words(*item->node) != "text") return false;
  const auto found = substitutions_in(item->node->text);
  return found && found->empty();
}

std::optional<Item> Fields::require(std::string_view name, std::string_view what_instead) {
  auto item = find(name);
  if (!item && item_.node) problems().add(place_, path(name), "is missing; " + std::string(what_instead));
  return item;
}

void Fields::refuse(std::string_view name, std::string_view why) {
  refused_.push_back(name);
  if (!item_.node) return;
  for (const Node::Entry& entry : item_.node->entries) {
    if (entry.key == name) problems().add(entry.place, path(name), why);
  }
}

void Fields::refuse(std::span<const std::string_view> names, std::string_view why) {
  for (const std::string_view name : names) refuse(name, why);
}

void Fields::problem(std::string_view name, std::string_view what) const {
  const Node* node = item_.node ? item_.node->find(name) : nullptr;
  const bool is_there = node && node->kind != Node::Kind::Null;
  problems().add(is_there ? node->place : place_, path(name), what);
}

void Fields::text(std::string_view name, std::string& to) {
  const auto item = find(name);
  if (auto text = item ? read_text(problems(), *item) : std::nullopt) to = std::move(*text);
}

void Fields::templated(std::string_view name, std::string& to) {
  const auto item = find(name);
  if (auto text = item ? read_template(*reading_, *item) : std::nullopt) to = std::move(*text);
}

void Fields::texts(std::string_view name, std::vector<std::string>& to) {
  const auto read = [](Reading& reading, const Item& item) { return read_text(reading.problems, item); };
  items(name, to, read, nullptr);
}

void Fields::templates(std::string_view name, std::vector<std::string>& to) {
  const auto read = [](Reading& reading, const Item& item) { return read_template(reading, item); };
  items(name, to, read, nullptr);
}

void Fields::flag(std::string_view name, bool& to) {
  const auto item = find(name);
  if (!item) return;
  const Node& node = *item->node;
  if (node.kind == Node::Kind::Plain && (node.text == "true" || node.text == "false")) {
    to = node.text == "true";
  } else {
    problems().add(node.place, item->path, "must be true or false, without quotes, " + is_a(node));
  }
}

void Fields::number(std::string_view name, double& to, double least, double most) {
  const auto item = find(name);
  if (!item) return;
  const Node& node = *item->node;
  double value = 0;
  const char* end = node.text.data() + node.text.size();
  const auto parsed = std::from_chars(node.text.data(), end, value);
  if (node.kind != Node::Kind::Plain || parsed.ec != std::errc() || parsed.ptr != end) {
    problems().add(node.place, item->path, "must be a number, " + is_a(node));
  } else if (value >= least && value <= most) {
    to = value;
  } else {
    problems().add(
        node.place, item->path,
        "must be " + canonical_number(least) + " to " + canonical_number(most) + ", is " + node.text);
  }
}

std::optional<Duration> Fields::read_duration(std::string_view name) {
  const auto item = find(name);
  if (!item) return std::nullopt;
  if (!item->node->is_scalar()) {
    problem(name, "must be a duration like 30s, 10m or 1h30m, " + is_a(*item->node));
    return std::nullopt;
  }
  const auto duration = parse_duration(item->node->text);
  if (duration) return *duration;
  problem(name, duration.error().message);
  return std::nullopt;
}

void FieldWriter::number(std::string_view name, double from, double /*least*/, double /*most*/) {
  put(name, Written::number(canonical_number(from)));
}

}  // namespace studyctl
