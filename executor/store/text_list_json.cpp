#include <nlohmann/json.hpp>

#include "store/text_list.h"

namespace studyctl {

using nlohmann::json;

std::string list_to_json(const std::vector<std::string>& list) {
  return json(list).dump(-1, ' ', false, json::error_handler_t::replace);
}

std::vector<std::string> list_from_json(std::string_view text) {
  // A million attempts have a list of one plain word each.
  if (text.size() >= 4 && text.find_first_of("\\,") == text.npos && text.starts_with("[\"") &&
      text.ends_with("\"]"))
    return {std::string(text.substr(2, text.size() - 4))};
  const json list = json::parse(text, nullptr, false);
  std::vector<std::string> words;
  if (!list.is_array()) return words;
  for (const json& word : list)
    if (word.is_string()) words.push_back(word.get<std::string>());
  return words;
}

}  // namespace studyctl
