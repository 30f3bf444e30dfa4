#include "base/text.h"
#include "manifest/parts.h"

// spec.overrides: what some points have instead of what the study has.
namespace studyctl {
namespace {

constexpr size_t kMostOverrides = 1000;

std::optional<Override> read_override(Reading& reading, const Item& item,
                                      std::span<const std::string> known) {
  Fields fields(reading, item);
  if (!fields.is_map()) return std::nullopt;
  Override result;
  result.place = reading.problems.source().describe(item.node->place);
  const auto match = fields.require("match", "say which points: match: {model: qwen-7b}");
  if (match) result.match = read_match(reading, *match, known);
  read_container_changes(fields, result);
  read_execution_changes(fields, result);
  FieldWriter changes;
  write_container_changes(changes, result);
  write_execution_changes(changes, result);
  if (changes.is_empty() && !fields.find("container") && !fields.find("timeouts") && !fields.find("retry"))
    fields.problem("match", "nothing is changed where it matches; add container, timeouts or retry");
  return result;
}

Written written_override(const Override& one, FieldWriter changes) {
  FieldWriter out;
  out.put("match", written_match(one.match));
  out.put_all(std::move(changes));
  return out.take();
}

}  // namespace

void read_overrides(Fields& spec, Study& study) {
  const auto list = spec.find("overrides");
  if (!list) return;
  const std::vector<Item> items = read_list(spec.problems(), *list);
  if (items.size() > kMostOverrides)
    return spec.problem("overrides", "has more than 1000 entries; a list of values means any of them");
  // One that is declared may come by --param.
  std::vector<std::string> known;
  for (const auto& [variable, parameter] : spec.reading().variables) known.push_back(parameter.first);
  for (const ParameterType& type : study.parameters) known.push_back(type.name);
  for (const Item& item : items) {
    if (auto one = read_override(spec.reading(), item, known)) study.overrides.push_back(*std::move(one));
  }
}

Written written_overrides(const std::vector<Override>& overrides, OverridePart part) {
  Written::List list;
  for (const Override& one : overrides) {
    FieldWriter changes;
    if (part != OverridePart::Execution) write_container_changes(changes, one);
    if (part != OverridePart::Design) write_execution_changes(changes, one);
    if (part == OverridePart::All || !changes.is_empty())
      list.push_back(written_override(one, std::move(changes)));
  }
  return {std::move(list)};
}

}  // namespace studyctl
