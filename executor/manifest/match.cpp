#include <algorithm>
#include <array>

#include "base/decimal.h"
#include "base/text.h"
#include "manifest/literal.h"
#include "manifest/reading.h"

namespace studyctl {
namespace {

using Is = Requirement::Is;

constexpr std::array<std::pair<std::string_view, Is>, 8> kOperators = {{{"gt", Is::Greater},
                                                                        {"ge", Is::GreaterOrEqual},
                                                                        {"lt", Is::Less},
                                                                        {"le", Is::LessOrEqual},
                                                                        {"ne", Is::NotIn},
                                                                        {"in", Is::In},
                                                                        {"notIn", Is::NotIn},
                                                                        {"matches", Is::Like}}};

// The values that one operator lists.
std::vector<Value> read_listed(Reading& reading, const Item& item, bool takes_list) {
  std::vector<Value> values;
  const bool is_list = item.node->kind == Node::Kind::Sequence;
  if (is_list && !takes_list) {
    reading.problems.add(item.node->place, item.path, "wants one value, is a list");
    return values;
  }
  for (const Item& element : one_or_list(item)) {
    if (auto value = read_value(reading, element)) values.push_back(std::move(*value));
  }
  if (is_list && item.node->items.empty()) {
    reading.problems.add(item.node->place, item.path,
                         "lists no value, so the rule matches nothing; remove it");
  }
  return values;
}

// {gt: 8, le: 64}
void read_operators(Reading& reading, const Item& item, const std::string& name,
                    std::vector<Requirement>& match) {
  std::vector<std::string> known;
  for (const auto& [word, is] : kOperators) known.emplace_back(word);
  if (item.node->entries.empty())
    reading.problems.add(item.node->place, item.path, "is empty; there are: " + join(known, ", "));
  for (const Node::Entry& entry : item.node->entries) {
    const std::string path = item.path + "." + entry.key;
    const auto found = std::find_if(kOperators.begin(), kOperators.end(),
                                    [&](const auto& one) { return one.first == entry.key; });
    if (found == kOperators.end()) {
      reading.problems.add(entry.place, path, unknown_name("operator", entry.key, known));
      continue;
    }
    const Is is = found->second;
    const bool takes_list = !compares_numbers(is) && entry.key != "ne";
    std::vector<Value> values = read_listed(reading, {entry.value, path}, takes_list);
    if (compares_numbers(is) && !values.empty() && !is_decimal(values[0].text)) {
      reading.problems.add(entry.value->place, path, "must be a number, is " + shortened(values[0].text));
    }
    match.push_back({name, is, std::move(values)});
  }
}

}  // namespace

std::optional<Value> read_value(Reading& reading, const Item& item) {
  auto value = value_of(*item.node);
  if (value) return std::move(*value);
  reading.problems.add(item.node->place, item.path, value.error().message);
  return std::nullopt;
}

Written written_value(const Value& value) {
  return value.kind == Value::Kind::String ? Written::text(value.text) : Written::number(value.text);
}

std::vector<std::pair<std::string, Node::Entry>> parameter_entries(Reading& reading, const Item& item,
                                                                   const std::string& example) {
  const std::string what = "must be a map of parameters and values: " + example;
  if (item.node->kind == Node::Kind::Map && item.node->entries.empty())
    reading.problems.add(item.node->place, item.path, what);
  return entries_of(reading, item, what);
}

std::vector<Requirement> read_match(Reading& reading, const Item& item, std::span<const std::string> known) {
  std::vector<Requirement> match;
  for (const auto& [path, entry] : parameter_entries(reading, item, "{precision: fp32}")) {
    if (!check_parameter_name(reading, entry.place, path, entry.key)) continue;
    if (std::find(known.begin(), known.end(), entry.key) == known.end()) {
      reading.problems.add(entry.place, path, unknown_name("parameter", entry.key, known));
    } else if (entry.value->kind == Node::Kind::Map) {
      read_operators(reading, {entry.value, path}, entry.key, match);
    } else {
      match.push_back({entry.key, Is::In, read_listed(reading, {entry.value, path}, true)});
    }
  }
  return match;
}

Written written_match(const std::vector<Requirement>& match) {
  Written::Map map;
  for (size_t i = 0; i < match.size();) {
    Written::Map operators;
    const std::string& name = match[i].name;
    const bool is_list = match[i].is == Is::In && (i + 1 == match.size() || match[i + 1].name != name);
    for (; i < match.size() && match[i].name == name; ++i) {
      Written::List values;
      for (const Value& value : match[i].values) values.push_back(written_value(value));
      const auto word = std::find_if(kOperators.rbegin(), kOperators.rend(),
                                     [&](const auto& one) { return one.second == match[i].is; });
      operators.emplace_back(word->first, compares_numbers(match[i].is) && !values.empty()
                                              ? std::move(values[0])
                                              : Written{std::move(values)});
    }
    map.emplace_back(name, is_list ? std::move(operators[0].second) : Written{std::move(operators)});
  }
  return {std::move(map)};
}

}  // namespace studyctl
