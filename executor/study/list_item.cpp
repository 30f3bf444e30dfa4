#include "study/list_item.h"

namespace studyctl {
namespace {

// What people see of a value.
std::string text_of(const Written& value) {
  if (const auto* text = std::get_if<std::string>(&value.data)) return *text;
  const auto* literal = std::get_if<Written::Literal>(&value.data);
  return literal && literal->text != "null" ? literal->text : "";
}

}  // namespace

void ListItem::column(const char* heading, const char* key, Written value, std::optional<std::string> text) {
  cells.push_back({heading, text ? *std::move(text) : text_of(value)});
  field(key, std::move(value));
}

void ListItem::wide_column(const char* heading, const char* key, Written value,
                           std::optional<std::string> text) {
  wide.push_back({heading, text ? *std::move(text) : text_of(value)});
  field(key, std::move(value));
}

void ListItem::field(const char* key, Written value) {
  std::get<Written::Map>(data.data).emplace_back(key, std::move(value));
}

}  // namespace studyctl
