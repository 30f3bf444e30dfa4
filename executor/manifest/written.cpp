#include "manifest/written.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "base/text.h"
#include "manifest/document.h"
#include "manifest/literal.h"

namespace studyctl {
namespace {

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : to_utf8(text)) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          std::array<char, 8> escape{};
          std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
          out += escape.data();
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void append_json(std::string& out, const Written& written, Keys keys);

void append_json_map(std::string& out, const Written::Map& map, Keys keys) {
  std::vector<const Written::Map::value_type*> entries;
  for (const auto& entry : map) entries.push_back(&entry);
  if (keys == Keys::Sorted) {
    std::sort(entries.begin(), entries.end(),
              [](const auto* a, const auto* b) { return a->first < b->first; });
  }
  out += '{';
  for (size_t i = 0; i < entries.size(); ++i) {
    if (i > 0) out += ',';
    append_quoted(out, entries[i]->first);
    out += ':';
    append_json(out, entries[i]->second, keys);
  }
  out += '}';
}

void append_json(std::string& out, const Written& written, Keys keys) {
  if (const auto* text = std::get_if<std::string>(&written.data)) {
    append_quoted(out, *text);
  } else if (const auto* literal = std::get_if<Written::Literal>(&written.data)) {
    out += literal->text;
  } else if (const auto* map = std::get_if<Written::Map>(&written.data)) {
    append_json_map(out, *map, keys);
  } else {
    out += '[';
    const auto& list = std::get<Written::List>(written.data);
    for (size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out += ',';
      append_json(out, list[i], keys);
    }
    out += ']';
  }
}

bool is_leaf(const Written& written) {
  if (const auto* list = std::get_if<Written::List>(&written.data)) return list->empty();
  if (const auto* map = std::get_if<Written::Map>(&written.data)) return map->empty();
  return true;
}

// A list of values that reads best on one line.
bool is_short_list(const Written& written) {
  const auto* list = std::get_if<Written::List>(&written.data);
  return list && std::all_of(list->begin(), list->end(), [](const Written& item) { return is_leaf(item); });
}

// Text that means itself without quotes, wherever it stands.
bool is_plain_text(std::string_view text) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./").find(c) != std::string_view::npos;
  };
  return !text.empty() && text[0] != '-' && text[0] != '.' &&
         std::all_of(text.begin(), text.end(), is_allowed) && plain_kind(text) == Value::Kind::String;
}

void append_yaml_leaf(std::string& out, const Written& written) {
  const auto* text = std::get_if<std::string>(&written.data);
  if (text && is_plain_text(*text)) {
    out += *text;
  } else {
    append_json(out, written, Keys::AsWritten);
  }
}

// Whether `text` can stand as lines behind a |, and reads the same there.
bool is_block_text(std::string_view text) {
  return text.size() > 1 && text.ends_with('\n') && !text.ends_with("\n\n") && text[0] != ' ' &&
         text[0] != '\n' && text.find_first_of("\t\r") == std::string_view::npos && printable(text) == [&] {
           std::string without(text);
           std::replace(without.begin(), without.end(), '\n', ' ');
           return without;
         }();
}

class YamlWriter {
 public:
  void write(const Written& written, size_t indent) {
    if (const auto* map = std::get_if<Written::Map>(&written.data)) {
      for (const auto& [key, value] : *map) {
        start_line(indent);
        append_yaml_leaf(out_, Written::text(key));
        out_ += ':';
        write_value(value, indent);
      }
      return;
    }
    for (const Written& item : std::get<Written::List>(written.data)) {
      start_line(indent);
      out_ += '-';
      if (is_leaf(item) || is_short_list(item)) {
        write_value(item, indent);
      } else {
        // The first of its lines goes on behind the dash.
        out_ += ' ';
        continues_ = true;
        write(item, indent + 2);
      }
    }
  }

  std::string take() { return std::move(out_); }

 private:
  void start_line(size_t indent) {
    if (!continues_) out_.append(indent, ' ');
    continues_ = false;
  }

  void write_value(const Written& value, size_t indent) {
    const auto* text = std::get_if<std::string>(&value.data);
    if (text && is_block_text(*text)) {
      out_ += " |\n";
      for (const std::string& line : split(text->substr(0, text->size() - 1), '\n')) {
        if (!line.empty()) out_.append(indent + 2, ' ');
        out_ += line + "\n";
      }
    } else if (is_leaf(value)) {
      out_ += ' ';
      append_yaml_leaf(out_, value);
      out_ += '\n';
    } else if (is_short_list(value)) {
      out_ += " [";
      const auto& list = std::get<Written::List>(value.data);
      for (size_t i = 0; i < list.size(); ++i) {
        if (i > 0) out_ += ", ";
        append_yaml_leaf(out_, list[i]);
      }
      out_ += "]\n";
    } else {
      out_ += '\n';
      write(value, indent + 2);
    }
  }

  std::string out_;
  bool continues_ = false;
};

void append_indented(std::string& out, const Written& written, size_t indent) {
  const auto* map = std::get_if<Written::Map>(&written.data);
  const auto* list = std::get_if<Written::List>(&written.data);
  if (is_leaf(written)) return append_json(out, written, Keys::AsWritten);
  out += map ? "{\n" : "[\n";
  const size_t size = map ? map->size() : list->size();
  for (size_t i = 0; i < size; ++i) {
    out.append(indent + 2, ' ');
    if (map) {
      append_quoted(out, (*map)[i].first);
      out += ": ";
    }
    append_indented(out, map ? (*map)[i].second : (*list)[i], indent + 2);
    out += i + 1 < size ? ",\n" : "\n";
  }
  out.append(indent, ' ');
  out += map ? '}' : ']';
}

}  // namespace

std::string json_of(const Written& written, Keys keys) {
  std::string out;
  append_json(out, written, keys);
  return out;
}

std::string indented_json_of(const Written& written) {
  std::string out;
  append_indented(out, written, 0);
  return out + "\n";
}

std::string yaml_of(const Written& written) {
  YamlWriter writer;
  writer.write(written, 0);
  return writer.take();
}

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

}  // namespace studyctl
