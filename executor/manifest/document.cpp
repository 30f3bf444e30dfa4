#include "manifest/document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <optional>
#include <sstream>
#include <unordered_map>

#include "manifest/literal.h"
#include "manifest/parser_text.h"

namespace studyctl {
namespace {

// Ends the reading: what follows cannot be trusted.
struct Unreadable {
  Place place;
  std::string path;
  std::string what;
};

Place place_of(const YAML::Mark& mark) {
  return {static_cast<uint32_t>(mark.line + 1), static_cast<uint32_t>(mark.column + 1)};
}

// Builds the nodes from the parser's events, which come while it parses: so the bounds hold before the text
// can grow in memory.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view text, Documents& documents, Problems& problems)
      : text_(text), documents_(&documents), problems_(&problems) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    const auto offset = static_cast<size_t>(mark.pos);
    if (begun_ && text_.substr(std::min(offset, text_.size()), 3) != "---") {
      throw Unreadable{place_of(mark), "",
                       "text behind the end of the document; begin another document with ---"};
    }
    begun_ = true;
    anchors_.clear();
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (expects_key())
      throw Unreadable{place_of(mark), path(), "a key is missing here; put null in quotes if it is one"};
    Node& node = make(Node::Kind::Null, mark);
    const std::string_view written = text_.substr(std::min(static_cast<size_t>(mark.pos), text_.size()), 8);
    const std::string_view word = written.substr(0, written.find_first_of(" \t\r\n,]}"));
    if (plain_kind(word) == Value::Kind::Null) node.text = word;
    finish_leaf(node, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (expects_key()) throw Unreadable{place_of(mark), path(), "an alias cannot be a key; write the key"};
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end())
      throw Unreadable{place_of(mark), path(), "this alias stands for what it is in"};
    count(known->second.size, known->second.bytes, mark);
    check_depth(stack_.size() + known->second.height, mark);
    attach(*known->second.node, known->second.height);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const bool plain = tag == "?" || tag.empty();
    last_scalar_ = mark;
    last_is_plain_ = plain;
    if (!plain && tag != "!" && tag != "tag:yaml.org,2002:str") refuse_tag(mark, tag);
    if (expects_key()) {
      begin_entry(mark, value, plain);
      return;
    }
    Node& node = make(plain ? Node::Kind::Plain : Node::Kind::Quoted, mark);
    count(0, value.size(), mark);
    node.text = value;
    finish_leaf(node, anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    if (tag != "?" && !tag.empty() && tag != "tag:yaml.org,2002:seq") refuse_tag(mark, tag);
    open(Node::Kind::Sequence, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    if (tag != "?" && !tag.empty() && tag != "tag:yaml.org,2002:map") refuse_tag(mark, tag);
    open(Node::Kind::Map, mark, anchor);
  }
  void OnMapEnd() override {
    merge(stack_.back());
    close();
  }

  // The last scalar that was read, unless it is a plain one.
  std::optional<YAML::Mark> last_quoted() const {
    return last_is_plain_ ? std::nullopt : std::optional(last_scalar_);
  }

  // Of what is being read: "spec.sweep.model[2]".
  std::string path() const {
    std::string text;
    for (const Open& open : stack_) {
      if (open.node->kind == Node::Kind::Sequence) {
        text += "[" + std::to_string(open.node->items.size()) + "]";
      } else if (open.key) {
        if (!text.empty()) text += '.';
        text += open.key->key;
      }
    }
    return text;
  }

 private:
  // A list or a map that has begun.
  struct Open {
    Node* node = nullptr;
    YAML::anchor_t anchor = 0;
    size_t nodes_before = 0;
    size_t bytes_before = 0;
    size_t height = 1;
    std::optional<Node::Entry> key;  // that waits for its value
    bool merges = false;             // that key is <<
    std::vector<const Node*> merged;
    std::unordered_map<std::string, Place> keys;
  };
  struct Anchored {
    const Node* node = nullptr;
    size_t size = 1;  // nodes, with what aliases in it stand for
    size_t bytes = 0;
    size_t height = 1;
  };

  bool expects_key() const {
    return !stack_.empty() && stack_.back().node->kind == Node::Kind::Map && !stack_.back().key;
  }

  Node& make(Node::Kind kind, const YAML::Mark& mark) {
    count(1, 0, mark);
    Node& node = documents_->add();
    node.kind = kind;
    node.place = place_of(mark);
    return node;
  }

  void count(size_t nodes, size_t bytes, const YAML::Mark& mark) {
    nodes_ += nodes;
    bytes_ += bytes;
    if (nodes_ > kMostNodes) {
      throw Unreadable{
          place_of(mark), path(),
          "more than 500,000 values (what aliases stand for is counted too); put long lists into files"};
    }
    if (bytes_ > kMostTextBytes) {
      throw Unreadable{place_of(mark), path(), "more than 8 MiB of text with what aliases stand for"};
    }
  }

  void check_depth(size_t depth, const YAML::Mark& mark) const {
    if (depth <= kMostDepth) return;
    throw Unreadable{place_of(mark), "", "more than 64 levels deep; a manifest needs fewer than 20"};
  }

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    problems_->add(place_of(mark), path(),
                   "the tag " + tag + " is not read; remove it, and quote the value if it is text");
  }

  void begin_entry(const YAML::Mark& mark, const std::string& key, bool plain) {
    count(1, key.size(), mark);
    Open& map = stack_.back();
    const Place place = place_of(mark);
    map.merges = plain && key == "<<";
    map.key = Node::Entry{key, place, nullptr, plain};
    if (map.merges) return;
    const auto [first, is_new] = map.keys.emplace(key, place);
    if (!is_new && problems_->full()) {
      problems_->add(place, "", "");
    } else if (!is_new) {
      problems_->add(place, path(),
                     "is here twice; the first is at " + problems_->source().describe(first->second) +
                         ": keep one of them");
    }
  }

  void finish_leaf(Node& node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = {&node, 1, node.text.size(), 1};
    attach(node, 1);
  }

  void open(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (expects_key())
      throw Unreadable{place_of(mark), path(),
                       "a key must be text, not a list or a map; write it as text, or close the bracket"};
    check_depth(stack_.size() + 1, mark);
    const size_t nodes_before = nodes_;
    Node& node = make(kind, mark);
    stack_.push_back({&node, anchor, nodes_before, bytes_, 1, std::nullopt, false, {}, {}});
  }

  void close() {
    Open open = std::move(stack_.back());
    stack_.pop_back();
    if (open.anchor != 0) {
      anchors_[open.anchor] = {open.node, nodes_ - open.nodes_before, bytes_ - open.bytes_before,
                               open.height};
    }
    attach(*open.node, open.height);
  }

  void attach(const Node& node, size_t height) {
    if (stack_.empty()) {
      if (node.kind != Node::Kind::Null) documents_->roots.push_back(&node);
      return;
    }
    Open& parent = stack_.back();
    parent.height = std::max(parent.height, height + 1);
    if (parent.node->kind == Node::Kind::Sequence) {
      parent.node->items.push_back(&node);
    } else if (parent.merges) {
      take_merge(parent, node);
      parent.key.reset();
    } else {
      parent.key->value = &node;
      parent.node->entries.push_back(std::move(*parent.key));
      parent.key.reset();
    }
  }

  void take_merge(Open& map, const Node& node) {
    const bool is_list = node.kind == Node::Kind::Sequence;
    const std::vector<const Node*> maps = is_list ? node.items : std::vector<const Node*>{&node};
    for (const Node* one : maps) {
      if (one->kind == Node::Kind::Map) {
        map.merged.push_back(one);
      } else {
        problems_->add(map.key->place, path(),
                       "merges " + std::string(kind_words(*one)) + "; only maps can be merged");
      }
    }
  }

  // Adds what << brings: keys of the map itself win, then those of the map that is merged first.
  void merge(Open& map) {
    for (const Node* from : map.merged) {
      for (const Node::Entry& entry : from->entries) {
        if (map.keys.emplace(entry.key, entry.place).second) map.node->entries.push_back(entry);
      }
    }
  }

  std::string_view text_;
  Documents* documents_;
  Problems* problems_;
  bool begun_ = false;
  YAML::Mark last_scalar_;
  bool last_is_plain_ = true;
  size_t nodes_ = 0;
  size_t bytes_ = 0;
  std::vector<Open> stack_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
};

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return entry.value;
  }
  return nullptr;
}

std::string_view kind_words(const Node& node) {
  switch (node.kind) {
    case Node::Kind::Null: return "nothing";
    case Node::Kind::Sequence: return "a list";
    case Node::Kind::Map: return "a map";
    case Node::Kind::Quoted: return "text";
    case Node::Kind::Plain: break;
  }
  switch (plain_kind(node.text)) {
    case Value::Kind::Number: return "a number";
    case Value::Kind::Boolean: return "a boolean";
    default: return "text";
  }
}

Documents read_documents(std::string_view text, Problems& problems, size_t most_bytes) {
  Documents documents;
  if (!check_text(text, problems, most_bytes)) return documents;
  const std::string parsed = parser_text(text);
  TreeBuilder builder(parsed, documents, problems);
  // The library's own exceptions end here.
  try {
    std::istringstream stream(parsed);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) continue;
    const auto last = builder.last_quoted();
    if (!last || !is_unclosed_quote(parsed, static_cast<size_t>(last->pos))) return documents;
    problems.add(place_of(*last), builder.path(), "a quote is not closed");
  } catch (const Unreadable& unreadable) {
    problems.add(unreadable.place, unreadable.path, unreadable.what);
  } catch (const YAML::Exception& error) {
    const Place place = error.mark.is_null() ? Place{1, 1} : place_of(error.mark);
    const bool tab = is_indented_by_tabs(parsed, place);
    problems.add(place, builder.path(),
                 tab ? "a tab in the indentation; use spaces" : parser_words(error.msg));
  } catch (const std::exception& error) {
    problems.add({1, 1}, builder.path(), std::string("cannot be read: ") + error.what());
  }
  documents.roots.clear();
  return documents;
}

}  // namespace studyctl
