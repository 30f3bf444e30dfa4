#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "manifest/document.h"
#include "manifest/problems.h"
#include "manifest/written.h"

// What a field of a manifest is called and what it holds is said once, by a generic lambda that describes the
// fields of a struct; Fields reads by it, and FieldWriter writes.
namespace studyctl {

struct Reading;

// A node, and the path that leads to it.
struct Item {
  const Node* node = nullptr;
  std::string path;
};

// What an item says, or a problem and nothing. Text must be text: an unquoted 1 or true is none. Nothing is
// substituted in it, so ${params.…} is a problem too.
std::optional<std::string> read_text(Problems& problems, const Item& item);
std::optional<int64_t> read_integer(Problems& problems, const Item& item, int64_t least, int64_t most);
// A number or text, as Kubernetes takes quantities.
std::optional<std::string> read_quantity(Problems& problems, const Item& item);
// Its elements; empty when it is no list.
std::vector<Item> read_list(Problems& problems, const Item& item);
// Its elements, or itself when it is no list.
std::vector<Item> one_or_list(const Item& item);
// As read_text, without regard to what substitution would make of it.
std::optional<std::string> read_raw_text(Problems& problems, const Item& item);

// "unknown field, did you mean 'image'?", or all that there are.
std::string unknown_name(std::string_view what, std::string_view name, std::span<const std::string> known);

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

// One of the words of a table of (word, value).
template <class T>
void read_choice(Problems& problems, const Item& item, T& to, const auto& words) {
  const auto text = read_text(problems, item);
  if (!text) return;
  std::vector<std::string> known;
  for (const auto& [word, value] : words) {
    known.emplace_back(word);
    if (word != *text) continue;
    to = value;
    return;
  }
  problems.add(item.node->place, item.path, unknown_name("", *text, known));
}

constexpr int64_t kNoBound = std::numeric_limits<int64_t>::max();

// The fields of one map, as they are asked for. A value that is wrong is reported and leaves what was there,
// as a field does that is absent or null; a field that nobody asked for is reported when this goes. The node
// must outlive it.
class Fields {
 public:
  Fields(Reading& reading, Item map);
  ~Fields();
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;

  Reading& reading() const { return *reading_; }
  Problems& problems() const;
  bool is_map() const { return item_.node != nullptr; }
  Place place() const { return place_; }
  const std::string& path() const { return item_.path; }
  std::string path(std::string_view name) const;

  std::optional<Item> find(std::string_view name);
  // Whether it is there and text, which may be empty, without substitutions.
  bool has_text(std::string_view name);
  // As find; a problem when it is not there.
  std::optional<Item> require(std::string_view name, std::string_view what_instead);
  // A field that is known and cannot be had: why, and what instead.
  void refuse(std::string_view name, std::string_view why);
  void refuse(std::span<const std::string_view> names, std::string_view why);
  // A problem with the value of `name`, or with the map when it has none.
  void problem(std::string_view name, std::string_view what) const;

  void text(std::string_view name, std::string& to);
  // A text of the container that is substituted.
  void templated(std::string_view name, std::string& to);
  void texts(std::string_view name, std::vector<std::string>& to);
  void templates(std::string_view name, std::vector<std::string>& to);
  void flag(std::string_view name, bool& to);
  void number(std::string_view name, double& to, double least, double most);
  // As Duration, and nothing when it is absent or wrong.
  std::optional<Duration> read_duration(std::string_view name);

  template <class T>
  void integer(std::string_view name, T& to, int64_t least, int64_t most = kNoBound) {
    const auto item = find(name);
    const auto value = item ? read_integer(problems(), *item, least, most) : std::nullopt;
    if constexpr (std::is_integral_v<T>) {
      if (value) to = static_cast<T>(*value);
    } else {
      if (value) to = *value;
    }
  }

  template <class T>
  void duration(std::string_view name, T& to) {
    if (const auto value = read_duration(name)) to = *value;
  }

  // A duration that is more than 0: of one that is 0 nobody knows whether it means never or at once.
  template <class T>
  void limit(std::string_view name, T& to) {
    const auto value = read_duration(name);
    if (value && *value <= Duration(0)) {
      problem(name, "must be more than 0; leave it out for no limit");
    } else if (value) {
      to = *value;
    }
  }

  template <class T>
  void choice(std::string_view name, T& to, const auto& words) {
    if (const auto item = find(name)) read_choice(problems(), *item, to, words);
  }

  // A list whose elements `read` reads: a function of Reading& and Item that returns an optional.
  template <class T>
  void items(std::string_view name, std::vector<T>& to, auto read, auto /*write*/) {
    const auto list = find(name);
    for (const Item& item : list ? read_list(problems(), *list) : std::vector<Item>{}) {
      if (auto value = read(reading(), item)) to.push_back(std::move(*value));
    }
  }

  template <class T>
  void map(std::string_view name, T& to, auto describe) {
    const auto item = find(name);
    if (!item) return;
    Fields inner(reading(), *item);
    if (!inner.is_map()) return;
    if constexpr (kIsOptional<T>) {
      describe(inner, to.emplace());
    } else {
      describe(inner, to);
    }
  }

  template <class T>
  void list(std::string_view name, std::vector<T>& to, auto describe) {
    const auto read = [&](Reading& reading, const Item& item) {
      T value{};
      Fields inner(reading, item);
      describe(inner, value);
      return std::optional(std::move(value));
    };
    items(name, to, read, nullptr);
  }

  void when_read(auto read) { read(*this); }
  void when_written(auto /*write*/) {}

 private:
  Reading* reading_;
  Item item_;  // its node is null when it is no map
  Place place_;
  std::vector<std::string_view> known_;    // asked for
  std::vector<std::string_view> refused_;  // known, and not to be had
};

// Writes what Fields reads. What is absent or empty is not written.
class FieldWriter {
 public:
  Written take() { return {std::move(map_)}; }
  bool is_empty() const { return map_.empty(); }
  void put_all(FieldWriter&& other) {
    for (auto& [name, value] : other.map_) put(name, std::move(value));
  }
  void put(std::string_view name, Written value) { map_.emplace_back(name, std::move(value)); }

  void require(std::string_view /*name*/, std::string_view /*what_instead*/) {}
  template <class Names>
  void refuse(const Names& /*names*/, std::string_view /*why*/) {}

  void text(std::string_view name, const std::string& from) {
    if (!from.empty()) put(name, Written::text(from));
  }
  void templated(std::string_view name, const std::string& from) { text(name, from); }
  void texts(std::string_view name, const std::vector<std::string>& from) {
    items(name, from, nullptr, [](const std::string& one) { return Written::text(one); });
  }
  void templates(std::string_view name, const std::vector<std::string>& from) { texts(name, from); }
  void flag(std::string_view name, bool from) { put(name, Written::boolean(from)); }
  void number(std::string_view name, double from, double least, double most);

  template <class T>
  void integer(std::string_view name, const T& from, int64_t /*least*/, int64_t /*most*/ = kNoBound) {
    if constexpr (std::is_integral_v<T>) {
      put(name, Written::number(std::to_string(from)));
    } else if (from) {
      put(name, Written::number(*from));
    }
  }

  void duration(std::string_view name, const std::optional<Duration>& from) {
    if (from) put(name, Written::text(format_duration(*from)));
  }
  void limit(std::string_view name, const std::optional<Duration>& from) { duration(name, from); }

  template <class T>
  void choice(std::string_view name, const T& from, const auto& words) {
    for (const auto& [word, value] : words) {
      if (value == from) return put(name, Written::text(word));
    }
  }

  template <class T>
  void items(std::string_view name, const std::vector<T>& from, auto /*read*/, auto write) {
    Written::List list;
    for (const T& one : from) list.push_back(write(one));
    if (!list.empty()) put(name, {std::move(list)});
  }

  template <class T>
  void map(std::string_view name, const T& from, auto describe) {
    FieldWriter inner;
    if constexpr (kIsOptional<T>) {
      if (!from) return;
      describe(inner, *from);
    } else {
      describe(inner, from);
    }
    if (!inner.map_.empty()) put(name, inner.take());
  }

  template <class T>
  void list(std::string_view name, const std::vector<T>& from, auto describe) {
    items(name, from, nullptr, [&](const T& one) {
      FieldWriter inner;
      describe(inner, one);
      return inner.take();
    });
  }

  void when_read(auto /*read*/) {}
  void when_written(auto write) { write(*this); }

 private:
  Written::Map map_;
};

}  // namespace studyctl
