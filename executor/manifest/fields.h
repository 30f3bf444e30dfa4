#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "manifest/document.h"
#include "manifest/problems.h"

namespace studyctl {

// A field that a map may have. `refused`: what is said of one that is known but cannot be had.
struct Field {
  std::string_view name;
  std::string_view refused = {};
};

// A node, and the path that leads to it.
struct Item {
  const Node* node = nullptr;
  std::string path;
};

// What an item says, or a problem and nothing. Text must be text: an unquoted 1 or true is none. Nothing is
// substituted in it, so ${params.…} is a problem too.
std::optional<std::string> read_text(Problems& problems, const Item& item);
std::optional<int64_t> read_integer(Problems& problems, const Item& item, int64_t least, int64_t most);
std::optional<double> read_number(Problems& problems, const Item& item, double least, double most);
std::optional<bool> read_boolean(Problems& problems, const Item& item);
std::optional<Duration> read_duration(Problems& problems, const Item& item);
// A number or text, as Kubernetes takes quantities.
std::optional<std::string> read_quantity(Problems& problems, const Item& item);
// Its elements; empty when it is no list.
std::vector<Item> read_list(Problems& problems, const Item& item);
// Its elements, or itself when it is no list.
std::vector<Item> one_or_list(const Item& item);
// As read_text, without regard to what substitution would make of it.
std::optional<std::string> read_raw_text(Problems& problems, const Item& item);

// A problem when a key that people choose freely means something else to kubectl: yes, 010.
void check_key(Problems& problems, const Node::Entry& entry, const std::string& path);

// "unknown field; did you mean 'image'?", or all that there are.
std::string unknown_name(std::string_view what, std::string_view name, std::span<const std::string> known);

// One of some words.
template <class T>
std::optional<T> read_choice(Problems& problems, const Item& item,
                             std::span<const std::pair<std::string_view, T>> words) {
  const auto text = read_text(problems, item);
  if (!text) return std::nullopt;
  std::vector<std::string> known;
  for (const auto& [word, value] : words) {
    if (word == *text) return value;
    known.emplace_back(word);
  }
  problems.add(item.node->place, item.path, unknown_name("", *text, known));
  return std::nullopt;
}

// The fields of one map. Making it reports those that are unknown or refused; each reader reports a value
// that is wrong and then returns nothing, as for a field that is absent or null. The node must outlive it.
class Fields {
 public:
  Fields(Problems& problems, Item map, std::span<const Field> known);

  bool is_map() const { return item_.node != nullptr; }
  Place place() const { return place_; }
  const std::string& path() const { return item_.path; }
  std::string path(std::string_view name) const;

  std::optional<Item> find(std::string_view name) const;
  // As find; a problem when it is not there.
  std::optional<Item> require(std::string_view name, std::string_view what_instead) const;

  std::optional<std::string> text(std::string_view name) const;
  std::optional<bool> boolean(std::string_view name) const;
  std::optional<int64_t> integer(std::string_view name, int64_t least, int64_t most) const;
  std::optional<double> number(std::string_view name, double least, double most) const;
  std::optional<Duration> duration(std::string_view name) const;
  std::vector<Item> list(std::string_view name) const;
  std::vector<std::string> texts(std::string_view name) const;

  template <class T>
  std::optional<T> choice(std::string_view name,
                          std::span<const std::pair<std::string_view, T>> words) const {
    const auto item = find(name);
    return item ? read_choice(*problems_, *item, words) : std::nullopt;
  }

  // A problem with the value of `name`, or with the map when it has none.
  void problem(std::string_view name, std::string_view what) const;

 private:
  Problems* problems_;
  Item item_;  // its node is null when it is no map
  Place place_;
};

}  // namespace studyctl
