#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "manifest/problems.h"

namespace studyctl {

// A node of a YAML or JSON document, as it is written: what a scalar means is for literal.h to say.
struct Node {
  enum class Kind : uint8_t { Null, Plain, Quoted, Sequence, Map };
  struct Entry {
    std::string key;
    Place place;  // of the key
    const Node* value = nullptr;
    bool is_plain = false;  // the key is written without quotes
  };

  Kind kind = Kind::Null;
  Place place;
  std::string text;                // of a scalar; of a Null as it is written
  std::vector<const Node*> items;  // of a Sequence
  std::vector<Entry> entries;      // of a Map, in written order; every key once

  bool is_scalar() const { return kind == Kind::Plain || kind == Kind::Quoted; }
  // The value of `key`; null when there is none, or when this is no map.
  const Node* find(std::string_view key) const;
};

// "text", "a list", "a map", "a number" …: what a node is, for people.
std::string_view kind_words(const Node& node);

// The documents of one file and the nodes they are made of. What an alias stands for is one node, found in
// several places.
class Documents {
 public:
  std::vector<const Node*> roots;  // without empty documents

  Node& add() { return nodes_.emplace_back(); }
  // A copy of `node` alone: its children are shared.
  Node& copy(const Node& node) { return nodes_.emplace_back(node); }

 private:
  std::deque<Node> nodes_;  // their addresses stay
};

// Bounds against hostile input.
inline constexpr size_t kMostBytes = 4u << 20;
inline constexpr size_t kMostDepth = 64;
inline constexpr size_t kMostNodes = 500'000;       // with what aliases stand for
inline constexpr size_t kMostTextBytes = 8u << 20;  // of keys and scalars, with what aliases stand for
// What a manifest within these bounds has at most as JSON, with aliases written out and escapes.
inline constexpr size_t kMostAppliedBytes = 64u << 20;

// Reads YAML, and JSON as a part of it, strictly: a key twice, a tag, a key that is no text, a control
// character, text behind the end of a document are problems. After one that makes the rest unreadable there
// are no roots.
Documents read_documents(std::string_view text, Problems& problems, size_t most_bytes = kMostBytes);

// A document as it was read, on its way out.
struct Written;
Written written_node(const Node& node);

}  // namespace studyctl
